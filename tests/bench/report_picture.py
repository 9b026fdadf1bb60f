"""Makes the README's picture of the report: `python -m tests.bench.report_picture OUT.svg`.

Promises: simulated weeks through the real segmenter, encoder, diary and report, so the picture cannot show what the
program does not print. The SVG names no foreign host (rich's own template would load fonts from one).
"""

import re
import sys
from datetime import UTC, date
from io import StringIO
from pathlib import Path

from rich.console import Console

from edge.config import REFERENCE_BUNDLE
from edge.demo import live
from edge.encoder import open_encoder
from edge.review.terminal import weekly_report
from edge.simulate import plan_weeks

LAST_DAY = date(2026, 11, 15)
N_WEEKS = 4


def main() -> None:
    """Write the picture."""
    ledger = live(open_encoder(REFERENCE_BUNDLE), LAST_DAY, N_WEEKS, plan_weeks(LAST_DAY, N_WEEKS), lambda: None)
    console = Console(record=True, width=84, file=StringIO(), force_terminal=True)
    console.print(weekly_report(ledger.rows, N_WEEKS, UTC, "demo"))
    svg = console.export_svg(title="quietstep report --weeks 4")
    Path(sys.argv[1]).write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
