"""${message.rstrip(".")}."""

% if "sa." in (upgrades or "") + (downgrades or ""):
import sqlalchemy as sa
% endif
from alembic import op
% for line in sorted(set((imports or "").splitlines()) - {""}):
${line}
% endfor

revision = "${up_revision}"
down_revision = ${f'"{down_revision}"' if isinstance(down_revision, str) else down_revision}


def upgrade():
    """Change the database."""
    ${upgrades or "pass"}


def downgrade():
    """Undo upgrade."""
    ${downgrades or "pass"}
