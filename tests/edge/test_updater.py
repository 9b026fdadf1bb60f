"""The updater's decisions without a network, its settings, and what its process can see."""

import itertools
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.boot_clock import read_clock
from edge.built import BUILT, BUILT_S
from edge.bundle import EDGE_VERSION
from edge.cli import app
from edge.config import Config, load_config
from edge.errors import ConfigError, UpdateFetchError
from edge.pause import ALL_PLACES, new_pause
from edge.update.network import Network
from edge.update.note import read_note
from edge.update.outcome import Outcome
from edge.update.pointer import ModelStore, Note
from edge.update.round import Follower
from edge.update_commands import model_status
from edge.update_process import Updater
from edge.updater import UpdaterChild, spec_of, updater_of

NOW_S = 1_800_000_000.0
URL = "https://updates.example/quietstep"
FOLLOWS = f'[update]\nurl = "{URL}"\nroot = "/etc/quietstep/root.json"\n'


def settings(folder: Path, text: str = FOLLOWS) -> Config:
    (folder / "quietstep.toml").write_text(text)
    return load_config(folder / "quietstep.toml", data_dir=folder / "data")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "data").mkdir()
    return settings(tmp_path)


class Server:
    """Says what it is told to, and counts."""

    def __init__(self, answer: Outcome | None = None) -> None:
        self.answer, self.n_asked, self.fetched = answer, 0, True

    def __call__(self, _home: Follower, _network: Network, _now_s: float, fetch: bool) -> Outcome:
        self.n_asked += 1
        self.fetched = fetch
        if self.answer is None:
            raise UpdateFetchError("no answer", "one", "Later.")
        return self.answer


def asked_at(updater: Updater, begin_s: float, seconds: int) -> list[int]:
    return [second for second in range(0, seconds, 10) if updater.look(begin_s + second)]


def test_it_is_off_without_a_url(tmp_path: Path, config: Config) -> None:
    assert updater_of(settings(tmp_path, ""), "home", json_log=False) is None
    assert updater_of(config, "home", json_log=False) is not None
    assert updater_of(config, "demo", json_log=False) is None
    by_hand = config.model_copy(update={"bundle": tmp_path})
    assert updater_of(by_hand, "home", json_log=False) is None


def test_it_asks_soon_then_every_six_hours_and_says_so(config: Config) -> None:
    server = Server(Outcome("nothing", "the newest release runs already"))
    asked = asked_at(Updater(spec_of(config), 0.5, server), NOW_S, 8 * 3600)
    assert len(asked) == 2
    assert asked[0] < 75
    note = read_note(config.update_note)
    assert note is not None
    assert note.at_s == NOW_S + asked[1]
    assert note.next_s == pytest.approx(note.at_s + 6 * 3600)


def test_failures_are_asked_again_ever_more_slowly(config: Config) -> None:
    asked = asked_at(Updater(spec_of(config), 0.5, Server()), NOW_S, 3600)
    pauses = [after - before for before, after in itertools.pairwise(asked)]
    assert pauses == [300, 600, 1200]


def test_a_new_updater_goes_on_where_the_last_one_was(config: Config) -> None:
    nothing = Server(Outcome("nothing", "no"))
    asked_at(Updater(spec_of(config), 0.0, nothing), NOW_S, 20)
    assert not asked_at(Updater(spec_of(config), 0.0, nothing), NOW_S + 60, 3600)
    asked_at(Updater(spec_of(config), 0.0, Server()), NOW_S + 86400, 20)
    assert asked_at(Updater(spec_of(config), 0.0, nothing), NOW_S + 86400 + 60, 600)


def test_a_hold_stops_it_and_its_end_is_seen(config: Config) -> None:
    store, server = ModelStore(config.models), Server(Outcome("nothing", "no"))
    store.hold(new_pause(ALL_PLACES, read_clock(), None), Note(0, "", "", "hold"))
    updater = Updater(spec_of(config), 0.0, server)
    assert not asked_at(updater, NOW_S, 3600)
    assert (note := read_note(config.update_note)) is None or note.next_s is None
    store.hold(None, Note(0, "", "", "hold ended"))
    assert asked_at(updater, NOW_S + 3600, 60)


def test_a_metered_line_fetches_nothing(tmp_path: Path, config: Config) -> None:
    server = Server(Outcome("nothing", "no"))
    Updater(spec_of(settings(tmp_path, FOLLOWS + "metered = true\n")), 0.0, server).look(NOW_S)
    assert (server.n_asked, server.fetched) == (1, False)
    del config


def test_status_tells_what_came_of_it(config: Config) -> None:
    Updater(spec_of(config), 0.0, Server()).look(NOW_S)
    asking = model_status(config).updates
    assert asking is not None
    assert (asking.last_check_s, asking.next_poll_s) == (NOW_S, None), "nobody asks while no service runs"
    assert asking.outcome is not None
    assert asking.outcome.event == "no answer"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('url = "http://updates.example"\nroot = "r"', "https"),
        ('url = "https://updates.example"', "root"),
        ('url = "https://a:b@updates.example"\nroot = "r"', "https://host/path"),
        ('ring = "No Ring"', "small letters"),
        ('url = "https://updates.example"\nroot = "r"\nevery_hours = 0.1', "at least 0.25"),
        ("every_hours = 0", "greater than 0"),
        ("pace = 3", "one of url, root, ring"),
        ('[[update.quiet]]\nfrom = "22:00"\nto = "22:00"', "end is not their start"),
    ],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, lines: str, said: str) -> None:
    head = "" if lines.startswith("[[") else "[update]\n"
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, head + lines + "\n")
    assert said in str(caught.value)


def test_a_root_beside_the_settings_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    text = f'[update]\nurl = "{URL}"\nroot = "root.json"\n'
    assert settings(Path("home"), text).update.root == tmp_path / "home" / "root.json"
    assert settings(Path("home"), FOLLOWS).update.root == Path("/etc/quietstep/root.json")


def test_a_version_of_quietstep_has_the_day_on_which_it_was_built() -> None:
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        assert BUILT[-1][0] == tomllib.load(file)["project"]["version"] == ".".join(map(str, EDGE_VERSION))
    days = [day for _, day in BUILT]
    assert days == sorted(days)
    assert time.time() > BUILT_S, "no clock in a home would be believed"


def test_quiet_hours_of_polls_reach_the_updater(tmp_path: Path) -> None:
    quiet = FOLLOWS + '[[update.quiet]]\nfrom = "22:00"\nto = "06:30"\n'
    assert spec_of(settings(tmp_path, quiet)).quiet == (("22:00", "06:30"),)


def test_its_process_has_no_room_with_a_body_or_a_diary() -> None:
    rooms = ("edge.sense", "edge.gait", "edge.diary", "edge.encoder", "edge.wire", "edge.config", "cv2", "onnxruntime")
    code = f"import sys, edge.update_process; print([m for m in sys.modules if m.startswith({rooms!r})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_who_asks_imports_a_network_library() -> None:
    names = "edge.run, edge.standing, edge.household, edge.update_commands, edge.share_commands"
    code = f"import sys, edge.cli, {names}; print([m for m in ('urllib3', 'tuf', 'http.client') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_now_needs_a_url_and_says_when_nobody_answers(tmp_path: Path) -> None:
    def now(text: str) -> tuple[int, str]:
        settings(tmp_path, text)
        options = ["--config", str(tmp_path / "quietstep.toml"), "--data-dir", str(tmp_path / "data")]
        done = CliRunner().invoke(app, ["update", "now", *options])
        return done.exit_code, " ".join(done.output.split())

    code, said = now("")
    assert (code, "no url below [update]" in said) == (1, True)
    (tmp_path / "root.json").write_text("{}")
    code, said = now(f'[update]\nurl = "http://127.0.0.1:9"\nroot = "{tmp_path}/root.json"\n')
    assert code in (1, 3)
    assert "quietstep:" in said


def test_one_that_hangs_is_ended_and_comes_back(config: Config) -> None:
    updater = UpdaterChild(config, json_log=False, stall_s=4.0)  # it beats every two seconds

    def look_until(wanted: Callable[[], bool]) -> None:
        end_s = time.monotonic() + 60
        while not wanted():
            assert time.monotonic() < end_s, updater.child.last_words()
            updater.look(time.monotonic())
            time.sleep(0.02)

    try:
        look_until(lambda: updater.child.watch.progressed_s is not None)
        first = updater.child.pid
        assert first
        os.kill(first, signal.SIGSTOP)
        look_until(lambda: updater.child.running and updater.child.pid != first)
        assert updater.child.watch.n_deaths == 1
        look_until(lambda: updater.child.watch.progressed_s is not None)
    finally:
        updater.stop()


def test_a_rehearsal_is_not_for_a_home(tmp_path: Path) -> None:
    (tmp_path / "diary.db").write_bytes(b"")
    done = CliRunner().invoke(app, ["update", "rehearse", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert "a diary in" in done.output
