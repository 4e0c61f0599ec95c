"""Migrations: the steps that create and change the database's tables.

`gearbox-lite migrate` runs them and writes new ones.
"""
