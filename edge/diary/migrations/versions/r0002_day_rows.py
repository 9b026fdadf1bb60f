"""Day rows: what stays of a day when its hours go.

Revision ID: 0002
Revises: 0001

Its CHECK constraints hold what a day made of told hours cannot break. No value is rounded, so that days recombine into
weeks as their hours would; the small room beside 0 and 1 is for sums of floating-point numbers. WITHOUT ROWID: then a
row stands once in the file, name and time side by side, and the look for what was erased can know it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
MINUTES = tuple(f"minutes_{kind}" for kind in ("observed", "several_people", "nobody", "unusable", "paused", "fault"))
COUNTS = ("n_walks", "n_cycles", "n_told", "n_held_back")
SHARES = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad")
SPREADS = ("valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high")
MOOD = (*SHARES, *SPREADS, "weight")
MINUTES_TOTAL = " + ".join(MINUTES)
NO_MOOD = " AND ".join(f"{name} IS NULL" for name in MOOD)
WHOLE_MOOD = " AND ".join(f"{name} IS NOT NULL" for name in MOOD)
LEAST = "-0.000001"
MOST = "1.000001"


def upgrade() -> None:
    """Make the table; the job fills it, which knows the household's zone."""
    op.create_table(
        "day",
        sa.Column("day_start_s", WHOLE, nullable=False),
        sa.Column("place", sa.Text, sa.CheckConstraint("length(place) BETWEEN 1 AND 64"), nullable=False),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("day_length_s", *MINUTES, *COUNTS)),
        *(sa.Column(name, REAL) for name in MOOD),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("rung", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("day_start_s", "place"),
        sa.CheckConstraint("day_start_s % 60 = 0 AND day_length_s % 60 = 0"),
        sa.CheckConstraint("day_length_s > 0 AND day_length_s <= 172800"),
        sa.CheckConstraint(f"({MINUTES_TOTAL}) > 0 AND ({MINUTES_TOTAL}) * 60 <= day_length_s"),
        sa.CheckConstraint(" AND ".join(f"{name} >= 0" for name in (*MINUTES, *COUNTS))),
        sa.CheckConstraint("n_walks % 5 = 0 AND n_cycles % 5 = 0"),
        sa.CheckConstraint(
            f"(n_told = 0 AND n_walks = 0 AND n_cycles = 0 AND {NO_MOOD}) OR (n_told > 0 AND {WHOLE_MOOD})"
        ),
        sa.CheckConstraint(" AND ".join(f"{name} BETWEEN {LEAST} AND {MOST}" for name in SHARES)),
        sa.CheckConstraint(" AND ".join(f"{name} BETWEEN -{MOST} AND {MOST}" for name in SPREADS)),
        sa.CheckConstraint("valence_low <= valence AND valence <= valence_high"),
        sa.CheckConstraint("arousal_low <= arousal AND arousal <= arousal_high"),
        sa.CheckConstraint("weight > 0"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """A day whose hours went would be lost."""
    raise NotImplementedError("a diary is not taken apart; erase it instead")
