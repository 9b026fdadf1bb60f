"""The packets of all homes: one table, in which nothing says which packets come from one home.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "packet",
        sa.Column("packet_id", sa.Text, sa.CheckConstraint("packet_id ~ '^[0-9a-f]{32}$'"), primary_key=True),
        sa.Column("schema_version", sa.Integer, sa.CheckConstraint("schema_version = 1"), nullable=False),
        sa.Column("period", sa.Text, sa.CheckConstraint("length(period) <= 10"), nullable=False),
        sa.Column("model_id", sa.Text, sa.CheckConstraint("length(model_id) BETWEEN 1 AND 128"), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Boolean, nullable=False),
        sa.Column("epsilon", sa.Double, sa.CheckConstraint("epsilon > 0"), nullable=False),
        sa.CheckConstraint("question IN ('valence', 'arousal', 'told', 'watched', 'abstained')"),
    )
    op.create_index("packet_period", "packet", ["period", "model_id"])


def downgrade() -> None:
    """There is nothing before the first."""
    raise NotImplementedError("what was gathered is not taken apart")
