"""Annotations: what the household wrote beside a day ("new tablets").

Revision ID: 0003
Revises: 0002

The one table with free text, and the household's own hand wrote it. The text stands right behind its day in a record,
so that the look for what was erased can know it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "annotation",
        sa.Column("n", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("day_start_s", WHOLE, nullable=False),
        sa.Column("text", sa.Text, sa.CheckConstraint("length(text) BETWEEN 1 AND 200"), nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """What somebody wrote would be lost."""
    raise NotImplementedError("a diary is not taken apart; erase it instead")
