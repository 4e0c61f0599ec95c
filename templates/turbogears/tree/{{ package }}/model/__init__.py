"""The tables of the database, as classes. Each module in this folder is imported.

After a change, `gearbox-lite migrate new "what has changed"` writes the migration that
changes the database in the same way, and `gearbox-lite migrate upgrade` runs it.
"""

from importlib import import_module
from pkgutil import iter_modules

# Migrations and relationships must know all classes, also those that nothing imports.
for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")
