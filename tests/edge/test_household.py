"""The household's commands: nothing starts without a consent, and each of them says what it did."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from edge.config import Camera, Config, load_config
from edge.consent import TEXT, ConsentNote
from edge.diary.booking import MinuteNote
from edge.diary.diary import Diary
from edge.diary.minutes import MinuteKind
from edge.diary.store import Store
from edge.errors import ConfigError, ConsentError, StateError
from edge.household import consent, pause, require_consent, resume
from edge.notice import write_notice
from edge.running_note import NoteKeeper, RunningNote, read_note
from edge.standing import standing
from edge.state import open_door, read_state
from tests.edge.mortal import mortal


class Told(Console):
    """A console that is no terminal; ``text`` is what it said."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), width=200)

    @property
    def text(self) -> str:
        assert isinstance(self.file, io.StringIO)
        return self.file.getvalue()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    cameras = (Camera(place="hall", source="0"), Camera(place="stairs", source="rtsp://camera.local/x"))
    return Config(camera=cameras, data_dir=tmp_path / "data", timezone="Europe/Berlin")


def quietstep(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    environment |= {"XDG_CACHE_HOME": str(home), "COLUMNS": "200"}
    command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment, cwd=home
    )


def test_the_first_run_of_a_live_camera_shows_the_text_and_starts_nothing(tmp_path: Path) -> None:
    done = quietstep("run", "--source", "0", home=tmp_path)
    assert done.returncode != 0
    assert "not for diagnosis" in " ".join(done.stderr.split())
    assert "quietstep consent" in done.stderr
    assert not list(tmp_path.iterdir()), "it made or fetched something before anybody agreed"


def test_accepted_withdrawn_accepted_again(config: Config) -> None:
    with pytest.raises(ConsentError, match="no consent"):
        consent(config, Told(), accept=None, withdraw=False)
    consent(config, Told(), accept="  Anna  Muster ", withdraw=False)
    told = Told()
    consent(config, told, accept=None, withdraw=False)
    assert told.text.startswith(TEXT)
    assert "Accepted by Anna Muster" in told.text
    require_consent(config, Told())
    consent(config, Told(), accept=None, withdraw=True)
    with pytest.raises(ConsentError, match="withdrawn"):
        require_consent(config, Told())
    consent(config, Told(), accept="Ben", withdraw=False)
    require_consent(config, Told())
    assert [note.kind for note in read_state(config.state).consents] == ["accepted", "withdrawn", "accepted"]


def test_a_changed_text_asks_again(config: Config) -> None:
    with open_door(config.state) as door:
        door._note(ConsentNote("accepted", "Anna", 1_900_000_000, "0" * 64))
    with pytest.raises(ConsentError, match="earlier text"):
        require_consent(config, Told())
    assert not standing(config).consent


def test_a_file_or_the_synthetic_camera_asks_nobody(config: Config) -> None:
    cameras = (Camera(place="hall", source="walk.mp4"), Camera(place="stairs", source="synthetic:"))
    require_consent(config.model_copy(update={"camera": cameras}), Told())


def test_a_withdrawal_erases_the_diary(config: Config) -> None:
    consent(config, Told(), accept="Anna", withdraw=False)
    with Store.open(config.diary, config.key) as store:
        diary = Diary(store, "m", "cpu", bucket_s=300)
        for minute in range(31_600_000, 31_600_020):
            diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED))
        assert store.rows()
    told = Told()
    consent(config, told, accept=None, withdraw=True)
    assert "erased (4 rows)" in told.text
    assert not config.diary.exists()
    assert not config.key.exists()


def test_a_withdrawal_erases_a_diary_that_no_longer_opens_too(config: Config) -> None:
    consent(config, Told(), accept="Anna", withdraw=False)
    config.diary.write_bytes(b"no diary" * 1000)
    consent(config, Told(), accept=None, withdraw=True)
    assert not config.diary.exists()
    assert read_state(config.state).consents[-1].kind == "withdrawn"


def test_pause_status_resume(config: Config) -> None:
    pause(config, Told(), length="2h", until=None, place="hall", guest=False)
    pause(config, Told(), length=None, until=None, place=None, guest=True)
    rests = {place.place: (place.rests, place.until) for place in standing(config).places}
    assert rests["stairs"] == ("no consent", None)
    consent(config, Told(), accept="Anna", withdraw=False)
    assert {place.rests for place in standing(config).places} == {"paused for guests"}
    with pytest.raises(StateError, match="still paused"):
        resume(config, Told(), place=None, guest=True)
    rests = {place.place: (place.rests, place.until) for place in standing(config).places}
    assert rests["hall"][0] == "paused by the household"
    assert rests["hall"][1]
    assert rests["stairs"] == (None, None)
    resume(config, Told(), place=None, guest=False)
    assert {place.rests for place in standing(config).places} == {None}


def test_one_place_cannot_be_resumed_out_of_a_pause_of_all(config: Config) -> None:
    pause(config, Told(), length=None, until=None, place=None, guest=False)
    with pytest.raises(StateError, match="everything is still paused"):
        resume(config, Told(), place="hall", guest=False)
    assert read_state(config.state).pauses


@pytest.mark.parametrize(
    "arguments", [{"place": "hal"}, {"length": "2"}, {"until": "8"}, {"length": "2h", "until": "08:00"}]
)
def test_what_cannot_be_meant_changes_nothing(config: Config, arguments: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        pause(config, Told(), **({"length": None, "until": None, "place": None, "guest": False} | arguments))  # type: ignore[arg-type]
    assert not config.state.exists()


def test_a_lost_state_is_made_anew_by_consent_and_stays_paused_until_resume(config: Config) -> None:
    consent(config, Told(), accept="Anna", withdraw=False)
    config.state.unlink()
    with pytest.raises(StateError):
        resume(config, Told(), place=None, guest=False)
    assert "although there was one" in (standing(config).state_error or "")
    told = Told()
    consent(config, told, accept="Anna", withdraw=False)
    assert "paused" in told.text
    assert {place.rests for place in standing(config).places} == {"paused by the household"}
    resume(config, Told(), place=None, guest=False)
    assert {place.rests for place in standing(config).places} == {None}


def test_a_note_of_a_process_that_is_gone_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "running.json"
    NoteKeeper(path).update(RunningNote(os.getpid(), {"hall": "watching"}, "cpu"))
    assert read_note(path)
    for pid in (2**22 + 1, os.getppid()):
        path.write_text(path.read_text().replace(f'"pid":{os.getpid()}', f'"pid":{pid}'))
        assert read_note(path) is None
    path.write_bytes(b"\xff")
    assert read_note(path) is None


def test_the_command_line_end_to_end(tmp_path: Path) -> None:
    assert "until" in quietstep("pause", "--until", "08:00", "--guest", home=tmp_path).stdout
    status = json.loads(quietstep("status", "--json", home=tmp_path).stdout)
    assert (status["running"], status["consent"], status["state_error"]) == (False, False, None)
    state = load_config(None, data_dir=tmp_path / "quietstep").state
    state.write_bytes(b"torn")
    done = quietstep("resume", home=tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "Move that file away" in done.stderr


def test_a_terminal_may_accept_on_the_spot(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "edge.cli", "consent", "--data-dir", str(tmp_path)]
    with mortal(command, stdin=theirs, stdout=theirs, stderr=theirs) as child:
        os.write(ours, b"Anna\n")
        os.close(theirs)
        try:
            while os.read(ours, 4096):
                pass
        except OSError:  # the other end is closed
            pass
        assert child.wait(60) == 0
    os.close(ours)
    assert read_state(tmp_path / "state.db").consents[-1].name == "Anna"


@pytest.mark.parametrize(("ending", "begin"), [("txt", b"A CAMERA"), ("html", b"<!doctype html>"), ("pdf", b"%PDF-")])
def test_the_note_for_the_door(tmp_path: Path, ending: str, begin: bytes) -> None:
    out = tmp_path / f"door.{ending}"
    write_notice(out, ("hall", "stairs"))
    content = out.read_bytes()
    assert content.startswith(begin)
    write_notice(out, ("hall", "stairs"))
    assert out.read_bytes() == content
    if ending != "pdf":
        assert b"hall, stairs" in content
        assert b"http" not in content
        assert b"<script" not in content


def test_a_note_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        write_notice(tmp_path / "door.docx", ())
    assert not list(tmp_path.iterdir())
