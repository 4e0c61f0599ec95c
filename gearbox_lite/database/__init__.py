"""The database of a project that ``quickstart --database`` wrote: its address, its migrations, and their checks.

The project itself has the engine, the transactions and the models. Only ``migrate.py`` and ``environment.py`` import
alembic, and only ``migrate``, ``setup-app``, ``check`` and tests import them.
"""
