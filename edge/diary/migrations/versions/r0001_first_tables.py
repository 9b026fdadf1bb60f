"""The first tables: meta, trend, open_bucket.

Revision ID: 0001
Revises:

STRICT tables (where the dialect is SQLite's; PostgreSQL's are strict by themselves) whose CHECK constraints hold the
contract itself: minutes add up to the bucket, held-back rows say nothing, counts come in fives, and nothing finer than
two decimals can be stored.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MINUTES = tuple(f"minutes_{kind}" for kind in ("observed", "several_people", "nobody", "unusable", "paused", "fault"))
SHARES = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad")
SPREADS = ("valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high")
MOOD = SHARES + SPREADS
COUNTS = ("n_noted", "n_usable", "n_judged", "n_walks", "n_walks_judged", "n_bouts_judged", "n_squared")
TERMS = ("s", "s_squared", "s_times_n")
SUMS = (*SHARES[1:], *(f"valence_{term}" for term in TERMS), *(f"arousal_{term}" for term in TERMS))
MINUTES_TOTAL = " + ".join(MINUTES)
NO_MOOD = " AND ".join(f"{name} IS NULL" for name in MOOD)
WHOLE_MOOD = " AND ".join(f"{name} IS NOT NULL" for name in MOOD)
TWO_DECIMALS = " AND ".join(f"({name} IS NULL OR abs({name} * 100 - round({name} * 100)) < 1e-6)" for name in MOOD)
# REAL has four bytes there.
REAL: sa.types.TypeEngine[float] = sa.REAL().with_variant(sa.Double(), "postgresql")
FIVE = {
    "sqlite": "CAST(CAST({0} AS INTEGER) AS TEXT) = {0} AND CAST({0} AS INTEGER) % 5 = 0",
    # A cast of "<10" is an error there, and which side of an OR is looked at first is not promised.
    "postgresql": "{0} ~ '^(0|5|[1-9][0-9]*[05])$'",
}


def whole(*names: str) -> list[sa.Column[int]]:
    """Columns of whole numbers."""
    return [sa.Column(name, WHOLE, nullable=False) for name in names]


def at_least_zero(*names: str) -> sa.CheckConstraint:
    """None of them negative."""
    return sa.CheckConstraint(" AND ".join(f"{name} >= 0" for name in names))


def upgrade() -> None:
    """Make the three tables."""
    fives = " AND ".join(FIVE[op.get_bind().dialect.name].format(name) for name in ("n_walks", "n_cycles"))
    op.create_table(
        "meta",
        sa.Column("id", WHOLE, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, sa.CheckConstraint("kind IN ('home', 'demo')"), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "trend",
        *whole("bucket_start_s", "bucket_length_s"),
        sa.Column("place", sa.Text, sa.CheckConstraint("length(place) BETWEEN 1 AND 64"), nullable=False),
        *whole(*MINUTES),
        sa.Column("n_walks", sa.Text, nullable=False),
        sa.Column("n_cycles", sa.Text, nullable=False),
        *(sa.Column(name, REAL) for name in MOOD),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("rung", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("bucket_start_s", "place"),
        sa.CheckConstraint("bucket_length_s > 0 AND bucket_start_s % bucket_length_s = 0"),
        sa.CheckConstraint(f"({MINUTES_TOTAL}) * 60 = bucket_length_s"),
        at_least_zero(*MINUTES),
        sa.CheckConstraint(f"(n_walks = '<10' AND n_cycles = '<10' AND {NO_MOOD}) OR ({fives} AND {WHOLE_MOOD})"),
        sa.CheckConstraint(TWO_DECIMALS),
        sa.CheckConstraint(" AND ".join(f"{name} BETWEEN 0 AND 1" for name in SHARES)),
        sa.CheckConstraint(" AND ".join(f"{name} BETWEEN -1 AND 1" for name in SPREADS)),
        sa.CheckConstraint("valence_low <= valence AND valence <= valence_high"),
        sa.CheckConstraint("arousal_low <= arousal AND arousal <= arousal_high"),
        sqlite_strict=True,
    )
    op.create_table(
        "open_bucket",
        sa.Column("place", sa.Text, sa.CheckConstraint("length(place) BETWEEN 1 AND 64"), primary_key=True),
        *whole("start_s", "length_s", "booked_until_minute"),
        sa.Column("running", WHOLE, sa.CheckConstraint("running IN (0, 1)"), nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("rung", sa.Text, nullable=False),
        *whole(*MINUTES, *COUNTS, *SUMS),
        at_least_zero(*MINUTES, *COUNTS),
        sa.CheckConstraint(f"({MINUTES_TOTAL}) = booked_until_minute - start_s / 60"),
        sa.CheckConstraint(f"({MINUTES_TOTAL}) * 60 < length_s"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """There is nothing before the first."""
    raise NotImplementedError("a diary is not taken apart; erase it instead")
