"""Refuse or report what nothing reads: unknown sections and factories, settings in the wrong place."""
