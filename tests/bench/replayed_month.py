"""A month twice: `python -m tests.bench.replayed_month [--weeks N]`.

Promises: the demonstration's weeks go twice, each time in a process of its own, through the real segmenter, encoder and
diary, and rows, days, verdicts and the days as they are kept are compared byte for byte; exits non-zero where they
differ.
"""

import argparse
import hashlib
import subprocess
import sys
from datetime import UTC, date, timedelta

import msgspec

from edge.config import REFERENCE_BUNDLE
from edge.demo import live
from edge.diary.change import verdicts_of
from edge.diary.days import days_of_rows, midnight_s
from edge.diary.retiring import new_days
from edge.encoder import open_encoder
from edge.simulate import plan_weeks

LAST_DAY = date(2026, 11, 15)


def lived(n_weeks: int) -> str:
    """How much was lived, and a digest of all that is told of it."""
    ledger = live(open_encoder(REFERENCE_BUNDLE), LAST_DAY, n_weeks, plan_weeks(LAST_DAY, n_weeks), lambda: None)
    days = days_of_rows(ledger.rows, UTC)
    kept = new_days(ledger.rows, (), UTC, midnight_s(LAST_DAY + timedelta(days=2), UTC))
    told = msgspec.json.encode([ledger.rows, days, verdicts_of(days), kept])
    n_told = sum(not row.held_back for row in ledger.rows)
    digest = hashlib.sha256(told).hexdigest()
    return f"{len(ledger.rows)} rows ({n_told} told), {len(days)} days, {len(kept)} kept, sha256 {digest}"


def main() -> None:
    """Live twice and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--once", action="store_true", help="live once and print; what each of the two processes does")
    asked = parser.parse_args()
    if asked.once:
        print(lived(asked.weeks))
        return
    command = [sys.executable, "-m", "tests.bench.replayed_month", "--once", "--weeks", str(asked.weeks)]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _run in range(2)]
    print(*runs, "the same, byte for byte" if runs[0] == runs[1] else "DIFFERENT", sep="")
    sys.exit(runs[0] != runs[1])


if __name__ == "__main__":
    main()
