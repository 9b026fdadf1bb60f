"""One packet a period, paid before it is drawn, the same whenever it is asked for; gone when its days are erased."""

import os
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.affect import Affect
from edge.diary import sharing
from edge.diary.diary import CycleNote, Diary, MinuteNote
from edge.diary.minutes import MinuteKind
from edge.diary.packet import decode_packet
from edge.diary.period import period_of
from edge.diary.share_ledger import read_ledger
from edge.diary.share_terms import Terms
from edge.diary.sharing import Home, Shared, agreed, forget, say_no, say_yes, share_period
from edge.diary.span import EVERYTHING, Span
from edge.diary.store import DiaryReader, Store
from edge.errors import DiaryError, SharingError

pytest.importorskip("opendp", reason="the extra `share` is not installed")
TERMS = Terms("week", 1.0, 3.0)
NANO = 10**9
WEEKS = [period_of(f"2026-W{week}") for week in (45, 46, 47, 48)]
NOW_S = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
MONDAY = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()) // 60  # of W47


def fill(store: Store) -> None:
    diary = Diary(store, "m", "cpu", checkpoint_each_minute=False)
    for minute in range(MONDAY, MONDAY + 180):
        if minute % 10 == 0:
            for n in range(5):
                diary.update(CycleNote("hall", minute * 60.0 + n, minute, Affect((0.1, 0.6, 0.2, 0.1))))
        diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    with Store.open(folder / "diary.db") as store:
        fill(store)
        assert any(not row.held_back for row in store.rows())
    return folder


@pytest.fixture
def home(written: Path, tmp_path: Path) -> Home:
    folder = shutil.copytree(written, tmp_path / "data")
    home = Home(folder / "diary.db", folder / "diary.key", folder / "shared", UTC, "m")
    say_yes(home.ledger, "Anna", TERMS, NOW_S)
    return home


def share(home: Home, n: int = 2, terms: Terms = TERMS) -> Shared:
    return share_period(home, terms, WEEKS[n], NOW_S)


def files(home: Home) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(home.folder.glob("*"))}


def test_one_packet_in_its_folder_and_in_its_receipt(home: Home) -> None:
    shared = share(home)
    packet = decode_packet(shared.file.read_bytes())
    assert (packet.period, packet.model_id) == ("2026-W47", "m")
    receipt = read_ledger(home.ledger).receipts[-1]
    assert receipt.packet == shared.file.read_text()
    assert receipt.epsilon == packet.epsilon <= 1.0
    assert (receipt.cost_nano, shared.left_nano) == (NANO, 2 * NANO)
    assert shared.file.stat().st_mode & 0o777 == 0o600


def test_asked_again_it_is_the_same_and_costs_nothing(home: Home) -> None:
    first = share(home).file.read_bytes()
    for _ in range(5):
        shutil.rmtree(home.folder)
        again = share(home)
        assert again.again
        assert again.file.read_bytes() == first
    again.file.write_text("something else")
    assert share(home).file.read_bytes() == first
    assert read_ledger(home.ledger).spent_nano == NANO


def test_when_the_budget_is_spent_only_the_old_ones_are_had(home: Home) -> None:
    old = [share(home, n).file.read_bytes() for n in range(3)]
    before = home.ledger.read_bytes(), files(home)
    with pytest.raises(SharingError, match="0 is left"):
        share(home, 3)
    assert (home.ledger.read_bytes(), files(home)) == before
    assert [share(home, n).file.read_bytes() for n in range(3)] == old


def test_a_budget_that_does_not_hold_a_whole_packet_gives_none(home: Home) -> None:
    terms = Terms("week", 1.0, 1.999999)
    say_yes(home.ledger, "Anna", terms, NOW_S)
    share(home, 0, terms)
    with pytest.raises(SharingError, match="left"):
        share(home, 1, terms)


def test_a_week_of_which_the_diary_holds_nothing_is_told_like_any_other(home: Home) -> None:
    empty, full = decode_packet(share(home, 0).file.read_bytes()), decode_packet(share(home, 2).file.read_bytes())
    assert (empty.model_id, empty.epsilon, empty.schema_version) == (full.model_id, full.epsilon, full.schema_version)


def test_without_a_yes_to_these_very_terms_nothing_is_read_or_written(home: Home) -> None:
    assert agreed(home.ledger, TERMS)
    for other in (Terms("week", 2.0, 3.0), Terms("week", 1.0, 4.0), Terms("day", 1.0, 3.0)):
        assert not agreed(home.ledger, other)
        with pytest.raises(SharingError, match="yes"):
            share(home, terms=other)
    say_no(home.ledger, TERMS, NOW_S)
    with pytest.raises(SharingError, match="no yes"):
        share(home)
    assert read_ledger(home.ledger).spent_nano == 0
    assert not home.folder.exists()


@pytest.mark.parametrize("period", ["2026-W49", "2030-W01", "2026-11-16", "2026-W30"])
def test_a_week_that_is_not_over_or_long_over_or_no_week_is_refused(home: Home, period: str) -> None:
    with pytest.raises(SharingError):
        share_period(home, TERMS, period_of(period), NOW_S)
    assert read_ledger(home.ledger).spent_nano == 0


def test_a_diary_that_does_not_open_costs_nothing(home: Home) -> None:
    home.key.write_text("00" * 32)
    with pytest.raises(DiaryError):
        share(home)
    assert read_ledger(home.ledger).spent_nano == 0


def test_a_demonstration_is_not_shared(home: Home) -> None:
    for file in home.diary.parent.glob("diary*"):
        file.unlink()
    Store.open(home.diary, home.key, "demo").close()
    with pytest.raises(SharingError, match="demonstration"):
        share(home)


def test_beside_a_running_writer(home: Home) -> None:
    with Store.open(home.diary, home.key) as store:
        Diary(store, "m", "cpu").update(MinuteNote("hall", MONDAY + 180, MinuteKind.NOBODY))
        share(home)
        Diary(store, "m", "cpu").update(MinuteNote("hall", MONDAY + 181, MinuteKind.NOBODY))
    with DiaryReader.open(home.diary, home.key) as reader:
        assert reader.rows()


@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_a_torn_or_lost_ledger_lets_nothing_out(home: Home, damage: bytes | None) -> None:
    share(home)
    before = files(home)
    if damage is None:
        home.ledger.unlink()
    else:
        home.ledger.write_bytes(damage)
    for n in (2, 3):
        with pytest.raises(SharingError, match="Nothing leaves"):
            share(home, n)
    with pytest.raises(SharingError):
        say_yes(home.ledger, "Anna", TERMS, NOW_S)
    assert files(home) == before


def killed_at(home: Home, n_step: int) -> bool:
    """Share in a child that dies at its n-th sync or rename; whether it did."""
    pid = os.fork()
    if pid == 0:
        left = [n_step]

        def dying(step):  # type: ignore[no-untyped-def]
            def wrapped(*arguments):  # type: ignore[no-untyped-def]
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return step(*arguments)

            return wrapped

        os.fsync, os.rename = dying(os.fsync), dying(os.rename)
        Path.rename = dying(Path.rename)  # type: ignore[method-assign]
        sharing._drawn = dying(sharing._drawn)
        try:
            share(home)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_killed_at_any_step_it_may_waste_but_never_spends_too_little(home: Home, tmp_path: Path) -> None:
    n_step, n_wasted, packets = 0, 0, set()
    while True:
        n_step += 1
        one = Home(
            **{name: getattr(home, name) for name in ("zone", "model_id")},
            **{name: tmp_path / str(n_step) / getattr(home, name).name for name in ("diary", "key", "folder")},
        )
        shutil.copytree(home.diary.parent, tmp_path / str(n_step))
        was_killed = killed_at(one, n_step)
        left = [data for name, data in files(one).items() if name.endswith("json")]
        spent = read_ledger(one.ledger).spent_nano
        assert spent >= NANO * len(left), "something left that was not paid for"
        again = share(one)
        ledger = read_ledger(one.ledger)
        packets = {receipt.packet for receipt in ledger.receipts if receipt.packet}
        assert packets == {again.file.read_text()}
        assert not left or left == [again.file.read_bytes()], "two answers about one week"
        assert ledger.spent_nano == NANO * len(ledger.receipts)
        n_wasted += len(ledger.receipts) - 1
        if not was_killed:
            break
    assert n_step > 10
    assert n_wasted > 0, "no kill fell between paying and drawing, so nothing was proven"


def test_erasing_a_stretch_takes_packets_and_receipts_of_it_and_gives_no_budget_back(home: Home) -> None:
    share(home, 1)
    gone = share(home, 2)
    packet = gone.file.read_text()
    assert forget(home.ledger, home.folder, Span(MONDAY * 60, MONDAY * 60 + 1, "hall")) == 1
    ledger = read_ledger(home.ledger)
    assert [receipt.period for receipt in ledger.receipts] == ["2026-W46"]
    assert list(files(home)) == ["quietstep-2026-W46.json"]
    assert ledger.left_nano(TERMS.budget_nano) == NANO
    everywhere = b"".join(file.read_bytes() for file in home.diary.parent.rglob("*") if file.is_file())
    assert decode_packet(packet.encode()).packet_id.encode() not in everywhere
    assert b"W47" not in everywhere
    assert agreed(home.ledger, TERMS)


def test_erasing_everything_leaves_only_what_was_spent(home: Home) -> None:
    share(home, 1)
    share(home, 2)
    assert forget(home.ledger, home.folder, EVERYTHING) == 2
    ledger = read_ledger(home.ledger)
    assert (ledger.spent_nano, ledger.receipts, ledger.words) == (2 * NANO, (), ())
    assert not files(home)
    assert b"Anna" not in home.ledger.read_bytes()


@pytest.mark.parametrize("lost", [False, True])
def test_erasing_what_cannot_be_read_takes_it_whole_and_counts_as_spent(home: Home, lost: bool) -> None:
    share(home)
    home.ledger.unlink() if lost else home.ledger.write_bytes(home.ledger.read_bytes()[:-70])
    forget(home.ledger, home.folder, Span(0, 1))
    assert not files(home)
    say_yes(home.ledger, "Anna", TERMS, NOW_S)
    with pytest.raises(SharingError, match="0 is left"):
        share(home)


def test_forgetting_where_nothing_was_shared_makes_nothing(tmp_path: Path) -> None:
    assert forget(tmp_path / "shared.json", tmp_path / "shared", EVERYTHING) == 0
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_costs_once(home: Home) -> None:
    home.folder.write_text("in the way")
    for _ in range(2):
        with pytest.raises(SharingError, match="ask again and it costs nothing"):
            share(home)
    home.folder.unlink()
    assert share(home).again
    assert read_ledger(home.ledger).spent_nano == NANO
