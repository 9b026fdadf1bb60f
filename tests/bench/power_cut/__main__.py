"""Power cuts of the diary: `python -m tests.bench.power_cut [--drawn 8] [--seed 0] [NAME ...]`.

Each operation runs once under strace on a real folder; what it wrote, synced, renamed and said is replayed onto a
model of a disk (`tests.bench.power_cut.disk`: the method and its limits), and every state that a cut may leave after
each event is put into a folder and opened as the next start would. "corrupt": it does not open or a page is damaged;
"lost": something acknowledged is not there; "half": neither the state before nor the one after is seen. The last rows
are controls that must lose: the same insert with weaker syncs. Promises to print and to judge nothing but the states;
exits with 1 when an operation that is no control has a verdict. It is a model: it says nothing of disks that lie.
"""

import argparse
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.bench.power_cut.cuts import cut
from tests.bench.power_cut.models import OPERATION as MODELS
from tests.bench.power_cut.operations import ALL, CONTROLS
from tests.bench.power_cut.pauses import OPERATION as STATE
from tests.bench.power_cut.rollup import ROLLUP
from tests.bench.power_cut.sharing_cuts import SHARING, UNSYNCED
from tests.bench.power_cut.trust import OPERATION as TRUST
from tests.bench.power_cut.trust import UNSYNCED as UNSYNCED_TRUST

WEAKER = (*CONTROLS, UNSYNCED, UNSYNCED_TRUST)
KINDS = ("corrupt", "lost", "half")


def main() -> int:
    """Cut everything that was named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--drawn", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    table = Table(title="Power cuts", title_justify="left")
    for column in ("operation", "events", "states", *KINDS, "s"):
        table.add_column(column, justify="left" if column == "operation" else "right")
    failed = False
    for operation in (*ALL, *ROLLUP, MODELS, TRUST, STATE, *SHARING, *WEAKER):
        if options.names and operation.name not in options.names:
            continue
        begin_s = time.monotonic()
        outcome = cut(operation, options.drawn, options.seed)
        counts = [outcome.verdicts[kind] for kind in KINDS]
        failed |= operation not in WEAKER and any(counts)
        took_s = f"{time.monotonic() - begin_s:.0f}"
        table.add_row(operation.name, str(outcome.n_events), str(outcome.n_states), *map(str, counts), took_s)
    Console().print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
