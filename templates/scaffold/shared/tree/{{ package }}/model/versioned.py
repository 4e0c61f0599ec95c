"""A column that counts the changes of a row, so that none is overwritten unseen."""

from sqlalchemy.orm import Mapped, declared_attr, mapped_column


class Versioned:
    """Adds the column to a table. SQLAlchemy increments it with each change.

    A form contains the version that it shows; if the row has another one by the time
    the form is sent, it has changed in between.
    """

    version: Mapped[int] = mapped_column(default=1, sort_order=1)

    @declared_attr.directive
    def __mapper_args__(cls):
        """Tell SQLAlchemy what the column is for."""
        return {"version_id_col": cls.version}
