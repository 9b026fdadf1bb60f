"""Sharing, cut: something leaves only once it is paid for, and what was spent never becomes less.

Promises, for each state: the ledger opens ("corrupt" if not); no packet is in the folder without its receipt and no
period has two answers ("half"); what was acknowledged is there, spent included ("lost"). The folder for packets is the
data folder, for the disk of the model has one folder. Refuses nothing.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.diary.period import period_of
from edge.diary.share_ledger import SharedLedger, read_ledger
from edge.diary.share_terms import Terms
from edge.diary.sharing import Home, forget, say_yes, share_period
from edge.diary.span import EVERYTHING
from edge.errors import SharingError
from tests.bench.power_cut.operations import Operation, say, written

TERMS: Final = Terms("week", 1.0, 8.0)
WEEK: Final = period_of("2027-W02")  # of the rows that `written` keeps
EARLIER: Final = period_of("2027-W01")
NOW_S: Final = datetime(2027, 3, 1, tzinfo=UTC).timestamp()
NANO: Final = 10**9


def home_in(folder: Path) -> Home:
    """All of it in one folder."""
    return Home(folder / "diary.db", folder / "diary.key", folder, UTC, "m")


def agreed_to(folder: Path) -> None:
    """A diary, a yes, and one packet of an earlier week."""
    written(folder)
    say_yes(home_in(folder).ledger, "Anna", TERMS, NOW_S)
    share_period(home_in(folder), TERMS, EARLIER, NOW_S)


def share(folder: Path) -> None:
    """Share a week and acknowledge it."""
    say(share_period(home_in(folder), TERMS, WEEK, NOW_S).receipt.packet or "")


def erase(folder: Path) -> None:
    """Forget everything that was shared, and acknowledge it."""
    forget(home_in(folder).ledger, folder, EVERYTHING)
    say("gone")


def judge_share(folder: Path, said: list[bytes]) -> str:
    """Paid before it is there; asked again, the same."""
    try:
        ledger = read_ledger(home_in(folder).ledger)
    except SharingError:
        return "corrupt"
    left = packets(folder)
    spent_enough = ledger.spent_nano >= NANO * max(len(left), 1 + len(said))
    if said and (said[0] not in left or not spent_enough):
        return "lost"
    if not spent_enough or not left <= handed_out(ledger):
        return "half"
    again = share_period(home_in(folder), TERMS, WEEK, NOW_S).file.read_bytes()
    return "" if packets(folder) == left | {again} and len(left | {again}) == 2 else "half"


def judge_erase(folder: Path, said: list[bytes]) -> str:
    """Once acknowledged no packet, no receipt, no name; spent as before, always."""
    try:
        ledger = read_ledger(home_in(folder).ledger)
    except SharingError:
        return "corrupt"
    if ledger.spent_nano != NANO:
        return "half"
    kept = b"Anna" in home_in(folder).ledger.read_bytes() or packets(folder) or ledger.receipts
    return "lost" if said and kept else ""


def packets(folder: Path) -> set[bytes]:
    """What would be sent."""
    return {file.read_bytes() for file in folder.glob("quietstep-*.json")}


def handed_out(ledger: SharedLedger) -> set[bytes]:
    """What the household can see that was made."""
    return {(receipt.packet or "").encode() for receipt in ledger.receipts}


_HEAD: Final = "from tests.bench.power_cut import sharing_cuts as s; "
SHARING: Final = (
    Operation("share", agreed_to, f"{_HEAD}s.share(path.parent)", judge_share),
    Operation("erase what was shared", agreed_to, f"{_HEAD}s.erase(path.parent)", judge_erase),
)
UNSYNCED: Final = Operation(
    "share, never synced (control)",
    agreed_to,
    f"import os; os.fsync = lambda handle: None; {_HEAD}s.share(path.parent)",
    judge_share,
)
