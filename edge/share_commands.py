"""What ``quietstep share`` does, and how it says it.

Promises: nothing leaves before the settings say on *and* somebody read the terms and said yes by name; every file that
was made can be seen, byte for byte. Reads the clock. Refuses to open a connection: it writes a file into a folder, and
sending it is the household's.
"""

import contextlib
import sys
import time
from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.table import Table

from edge.active_model import active_model_id
from edge.config import Config
from edge.diary.coin import NANO
from edge.diary.period import newest_over, period_of
from edge.diary.share_ledger import SharedLedger, read_ledger
from edge.diary.share_terms import CLOSE, Terms, explained
from edge.diary.sharing import LEDGER_NAME, Home, agreed, forget, say_no, say_yes, share_period
from edge.diary.span import EVERYTHING, Span
from edge.errors import SharingError

OFF = SharingError(
    "sharing switched off",
    "on = true below [share] in quietstep.toml",
    "Nothing leaves. `quietstep share --explain` says what would.",
)


def home_of(config: Config) -> Home:
    """Where things are, by the settings."""
    return Home(config.diary, config.key, config.share_folder, config.zone, active_model_id(config))


def terms_of(config: Config) -> Terms:
    """What a household says yes to, by the settings."""
    return Terms(config.share.period, config.share.epsilon, config.share.budget)


def share_command(config: Config, period: str | None, accept: str | None, console: Console, *, as_json: bool) -> None:
    """Ask for the yes where it is missing, then hand out the packet of a period."""
    if not config.share.on:
        raise OFF
    home, terms, now_s = home_of(config), terms_of(config), time.time()
    if not agreed(home.ledger, terms):
        _ask(config, home, accept, console)
    which = period_of(period) if period else newest_over(terms.length, now_s, home.zone)
    shared = share_period(home, terms, which, now_s)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(shared, enc_hook=str)).decode())
        return
    _say(console, (shared.receipt.packet or "").strip())
    cost = "handed out before, so it cost nothing" if shared.again else f"epsilon {shared.receipt.epsilon:g}"
    _say(console, f"{shared.file}: {cost}; {shared.left_nano / NANO:g} of {terms.budget:g} is left.")
    _say(console, "Nothing was sent: that file is all of it, and sending it is yours.")


def turn_off(config: Config, console: Console) -> None:
    """Take the yes back."""
    say_no(home_of(config).ledger, terms_of(config), time.time())
    _say(
        console, "Nothing more leaves. Receipts stay (quietstep share --receipts); what was sent cannot be called back."
    )


def explain(config: Config, console: Console, *, as_json: bool) -> None:
    """The terms and the figures of every number."""
    terms = terms_of(config)
    rows = explained(terms)
    if as_json:
        said = msgspec.json.encode({"terms": terms, "n_packets": terms.n_packets, "numbers": rows, "text": terms.text})
        print(msgspec.json.format(said).decode())
        return
    console.print(terms.text, highlight=False, markup=False)
    table = Table(title="What one file may be about", title_justify="left")
    for head in ("question", "range", "one file is off by (95 %)", f"homes until the mean is known to +-{CLOSE}"):
        table.add_column(head, justify="left" if head == "question" else "right")
    for row in rows:
        span = f"{row.low:g} to {row.high:g}"
        table.add_row(f"{row.question}: {row.meaning}", span, f"+-{row.half_width:.2f}", f"{row.n_homes:,}")
    console.print(table)
    _say(console, f"Sharing is {'on' if config.share.on else 'off'} in the settings.")


def receipts(config: Config, console: Console, *, as_json: bool) -> None:
    """Everything that was made, and what is left."""
    ledger, terms = read_ledger(home_of(config).ledger), terms_of(config)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(ledger)).decode())
        return
    for receipt in ledger.receipts:
        made = f"{receipt.made.astimezone(config.zone):%Y-%m-%d %H:%M}"
        _say(console, f"{receipt.period}, made {made}, epsilon {receipt.epsilon:g}, sha256 {receipt.sha256 or '-'}")
        _say(console, f"    {(receipt.packet or 'paid for and never finished').strip()}")
    _say(console, _standing(ledger, terms.budget, terms.budget_nano))


@contextlib.contextmanager
def forgetting(config: Config, span: Span = EVERYTHING) -> Iterator[None]:
    """Remove receipts and packets of a stretch, then do what is inside: erase the stretch of the diary.

    A ledger or folder that cannot be written does not stop the diary's erasure; it is told after it.
    """
    failed: SharingError | OSError | None = None
    try:
        forget(config.diary.with_name(LEDGER_NAME), config.share_folder, span)
    except (SharingError, OSError) as error:
        failed = error
    yield
    if failed is not None:
        raise failed


def _standing(ledger: SharedLedger, budget: float, budget_nano: int) -> str:
    if ledger.sealed:
        return "The ledger could not be read when it was erased: the budget counts as spent."
    left = ledger.left_nano(budget_nano) / NANO
    return f"{len(ledger.receipts)} receipts; spent {ledger.spent_nano / NANO:g} of {budget:g}, {left:g} is left."


def _ask(config: Config, home: Home, accept: str | None, console: Console) -> None:
    terms = terms_of(config)
    if accept is None:
        console.print(terms.text, highlight=False, markup=False)
        if sys.stdin.isatty() and console.is_terminal:
            accept = console.input("To say yes, type your name; to leave, press Enter: ").strip()
        if not accept:
            do = "Nothing leaves. Say yes at a terminal, or with --accept NAME."
            raise SharingError("no yes to these terms", "one by name, after reading them", do)
    note = say_yes(home.ledger, accept, terms, time.time())
    _say(console, f"{note.name} said yes.")


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
