"""Making the one packet of a week or day, and forgetting what was made.

Promises, in this order: a yes that stands for these very terms; the period is over; what was handed out once is handed
out again, byte for byte, and costs nothing; what it costs is on the disk before any noise is drawn; the packet is on
the disk, in its receipt, before it is in the folder. So a power cut may waste budget and never exceeds it, and no
period has two different answers. Refuses when the budget does not allow the whole cost. Reads the diary beside its
writer.

What is refused, or not, never depends on what the diary holds: a period without a row has its answer like any other.
"""

import contextlib
import hashlib
import secrets
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

import msgspec

from edge.consent import checked_name
from edge.diary.coin import NANO, Coin, draw_question
from edge.diary.home_numbers import HomeNumbers, numbers_of
from edge.diary.packet import Packet, encode_packet
from edge.diary.period import Period
from edge.diary.share_ledger import (
    LedgerDoor,
    SharedLedger,
    SharedReceipt,
    Word,
    ever_shared,
    open_ledger,
    read_ledger,
    remove_whole,
    write_whole,
)
from edge.diary.share_terms import Terms
from edge.diary.span import EVERYTHING, Span
from edge.diary.store import DiaryReader
from edge.errors import SharingError

LEDGER_NAME: Final = "shared.json"
FILE_FORM: Final = "quietstep-{}.json"
OLDEST_DAYS: Final = 92
"""Below the 100 days for which hours are kept at least: what is asked for later would answer as an empty week."""


class Home(msgspec.Struct, frozen=True):
    """Where a home's diary, its ledger of sharing and its folder for packets are; its clock and its model."""

    diary: Path
    key: Path
    folder: Path
    zone: tzinfo | None
    model_id: str

    @property
    def ledger(self) -> Path:
        """The ledger, beside the diary."""
        return self.diary.with_name(LEDGER_NAME)


class Shared(msgspec.Struct, frozen=True):
    """What was written where, whether it had been handed out before, and what is left (billionths of epsilon)."""

    file: Path
    receipt: SharedReceipt
    again: bool
    left_nano: int


def say_yes(ledger: Path, name: str, terms: Terms, now_s: float) -> Word:
    """Record that ``name`` says yes to these terms."""
    return _noted(ledger, Word("yes", checked_name(name), _moment(now_s), terms.text_sha256))


def say_no(ledger: Path, terms: Terms, now_s: float) -> Word:
    """Record that sharing is off."""
    return _noted(ledger, Word("no", "somebody who lives here", _moment(now_s), terms.text_sha256))


def agreed(ledger: Path, terms: Terms) -> bool:
    """Whether the newest word is a yes to these very terms."""
    return read_ledger(ledger).agrees(terms.text_sha256)


def share_period(home: Home, terms: Terms, period: Period, now_s: float) -> Shared:
    """Hand out the packet of ``period``; raises SharingError, or DiaryError, and then nothing left."""
    with open_ledger(home.ledger) as door:
        ledger = door.read()
        _refuse_unless_allowed(ledger, terms, period, now_s, home.zone)
        earlier = ledger.handed_out(period.text)
        receipt = earlier or _new(home, door, terms, period, int(now_s))
        left_nano = door.read().left_nano(terms.budget_nano)
        return Shared(_in_folder(home.folder, receipt), receipt, earlier is not None, left_nano)


def forget(ledger: Path, folder: Path, span: Span) -> int:
    """Remove receipts and packets that tell of any part of a stretch, at whatever place; how many receipts.

    What was spent stays spent. With ``EVERYTHING`` the yes goes too. A ledger that cannot be read goes as a whole, and
    so do all packets in the folder; the budget then counts as spent. Does nothing where nothing was ever shared.
    """
    if not ever_shared(ledger):
        return 0
    with open_ledger(ledger) as door:
        try:
            before = door.read()
        except SharingError:
            _remove_packets(folder)
            door.put(SharedLedger(sealed=True))
            return 0
        gone = tuple(receipt for receipt in before.receipts if receipt.touches(span))
        for receipt in gone:
            _remove_packets(folder, receipt.period)
        left = before.without(span)
        if span == EVERYTHING:
            _remove_packets(folder)
            left = SharedLedger(spent_nano=before.spent_nano, sealed=before.sealed)
        door.put(left)
        return len(gone)


def _noted(path: Path, word: Word) -> Word:
    with open_ledger(path) as door:
        ledger = door.read()
        door.put(msgspec.structs.replace(ledger, words=(*ledger.words, word)))
    return word


def _refuse_unless_allowed(
    ledger: SharedLedger, terms: Terms, period: Period, now_s: float, zone: tzinfo | None
) -> None:
    if not ledger.agrees(terms.text_sha256):
        what = "a yes to other terms, and no yes" if ledger.said_yes else "no yes"
        raise SharingError(
            f"{what} to sharing", "a yes to what would leave now", "Read it and say yes: quietstep share."
        )
    if period.length != terms.length:
        found = f"{period.text}, which is a {period.length}"
        raise SharingError(found, f"a {terms.length}, as the settings say", "Each period is told once; name another.")
    if not period.is_over(now_s, zone):
        raise SharingError(f"{period.text}, which is not over", "a period that ended six hours ago", "Ask again later.")


def _new(home: Home, door: LedgerDoor, terms: Terms, period: Period, now_s: int) -> SharedReceipt:
    """Read, pay, draw, record. Nothing of the diary is in any file before it is paid for."""
    if now_s - period.bounds_s(home.zone)[1] > OLDEST_DAYS * 86_400:
        found, wanted = f"{period.text}, which ended long ago", f"one that ended in the last {OLDEST_DAYS} days"
        raise SharingError(found, wanted, "Nothing was spent.")
    coin = Coin(terms.epsilon)
    paid, left_nano = coin.cost_nano, door.read().left_nano(terms.budget_nano)
    if paid > left_nano:
        raise SharingError(
            f"a budget of {terms.budget:g} of which {left_nano / NANO:g} is left",
            f"{coin.epsilon:g} for one more packet",
            "Nothing leaves any more, whatever is asked; packets handed out before can be had again.",
        )
    numbers = _numbers(home, period)
    begins, ends = map(_moment, period.bounds_s(home.zone))
    begun = SharedReceipt(period.text, begins, ends, _moment(now_s), coin.epsilon, paid)
    before = door.read()
    spent_nano = before.spent_nano + paid
    door.put(msgspec.structs.replace(before, spent_nano=spent_nano, receipts=(*before.receipts, begun)))
    text = encode_packet(_drawn(coin, numbers, period, home.model_id)).decode()
    done = msgspec.structs.replace(begun, packet=text, sha256=hashlib.sha256(text.encode()).hexdigest())
    door.put(msgspec.structs.replace(before, spent_nano=spent_nano, receipts=(*before.receipts, done)))
    return done


def _moment(t_s: float) -> datetime:
    return datetime.fromtimestamp(int(t_s), UTC)


def _numbers(home: Home, period: Period) -> HomeNumbers:
    from_s, to_s = period.bounds_s(home.zone)
    with DiaryReader.open(home.diary, home.key) as reader:
        if reader.kind() != "home":
            raise SharingError(f"a demonstration's diary at {home.diary}", "a home's", "Nothing of it leaves.")
        return numbers_of(reader.rows(from_s, to_s), to_s - from_s, home.model_id)


def _drawn(coin: Coin, numbers: HomeNumbers, period: Period, model_id: str) -> Packet:
    question = draw_question()
    return Packet(
        schema_version=1,
        packet_id=secrets.token_hex(16),
        period=period.text,
        model_id=model_id,
        question=question,
        answer=coin.answer(numbers.position(question)),
        epsilon=coin.epsilon,
    )


def _in_folder(folder: Path, receipt: SharedReceipt) -> Path:
    file, data = _file_of(folder, receipt.period), (receipt.packet or "").encode()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (file.is_file() and file.read_bytes() == data):
            write_whole(file, data)
    except OSError as error:
        raise SharingError(
            f"no way to write {file} ({error.strerror})",
            "a folder that this user may write to",
            "The packet is kept in its receipt; ask again and it costs nothing.",
        ) from None
    return file


def _file_of(folder: Path, period: str) -> Path:
    return folder / FILE_FORM.format(period)


def _remove_packets(folder: Path, period: str = "*") -> None:
    """Packets, and what a kill left of one that was being written."""
    with contextlib.suppress(FileNotFoundError):
        for file in folder.glob(FILE_FORM.format(period) + "*"):
            remove_whole(file)
