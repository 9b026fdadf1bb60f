"""The configuration: what is known is taken, what is not is refused with its line."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.config import load_config
from edge.errors import ConfigError
from edge.quiet_hours import QuietHours
from edge.retention import Retention
from edge.rungs import RUNGS


def written(folder: Path, text: str) -> Path:
    path = folder / "quietstep.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(written(folder, text))
    return caught.value


def test_a_whole_configuration_is_taken(tmp_path: Path) -> None:
    text = (
        'data_dir = "/d"\n[[camera]]\nplace = "hall"\nsource = "0"\ncrop = [0.0, 0.45, 1.0, 1.0]\nframes = [55, 190]\n'
    )
    config = load_config(written(tmp_path, text))
    assert config.camera[0].crop == (0.0, 0.45, 1.0, 1.0)
    assert config.camera[0].frames == (55, 190)
    assert config.diary == Path("/d/diary.db")


def test_an_unknown_key_is_refused_with_its_line_and_a_guess(tmp_path: Path) -> None:
    error = refusal(tmp_path, '# a comment\n[[camera]]\nplace = "hall"\nsorce = "0"\n')
    assert "line 4" in error.found
    assert "'source'" in error.do


def test_the_rungs_of_the_encoder_can_be_chosen(tmp_path: Path) -> None:
    assert load_config(None).encoder.ladder.rungs == RUNGS
    text = '[encoder]\nrungs = ["cuda", "cpu"]\nmemory_mib = 256\nengines = "/e"\n'
    ladder = load_config(written(tmp_path, text)).encoder.ladder
    assert (ladder.rungs, ladder.memory_mib, ladder.engines) == (("cuda", "cpu"), 256, "/e")


def test_an_unknown_key_of_the_encoder_is_refused_with_a_guess(tmp_path: Path) -> None:
    error = refusal(tmp_path, '[encoder]\nrung = ["cpu"]\n')
    assert "line 2" in error.found
    assert "'rungs'" in error.do


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, '\n[camra]\nplace = "hall"\n')
    assert "camra" in error.found
    assert "line 2" in error.found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[[camera]]\nplace = "a"\nsource = "0"\n[[camera]]\nplace = "B!"\nsource = "1"\n', "line 5"),
        ('[[camera]]\nplace = "a"\nsource = "0"\ncrop = [0.5, 0.0, 0.5, 1.0]\n', "line 4"),
        ('[[camera]]\nplace = "a"\nsource = "0"\nframes = [9, 3]\n', "line 4"),
        ('[[camera]]\nplace = "a"\nsource = "0"\nmax_people = 9\n', "line 4"),
        ('[[camera]]\nsource = "0"\n', "line 1"),
        ('[encoder]\nmemory_mib = 256\nrungs = ["cpu", "gpu"]\n', "line 3"),
        ('\n[encoder]\nrungs = ["cpu", "cpu"]\n', "line 3"),
        ("[encoder]\nrungs = []\n", "line 2"),
        ("[encoder]\nmemory_mib = 1\n", "line 2"),
        ('[[quiet]]\nfrom = "22:00"\nto = "25:00"\n', "line 3"),
        ('[[quiet]]\nfrom = "22:00"\n', "line 1"),
        ('[[quiet]]\nfrom = 22:00:00\nto = "07:00"\n', "line 2"),
        ('[[quiet]]\nfrom = "22:00"\nto = "22:00"\n', "line 1"),
        ('[[quiet]]\nfrom = "22:00"\nto = "07:00"\nplase = "hall"\n', "line 4"),
        ('timezone = "Europe/Atlantis"\n', "line 1"),
        ("[diary]\nkeep_days_years = 10\nkeep_hours_days = 99\n", "line 3"),
        ("\n[diary]\nkeep_hour_days = 400\n", "line 3"),
        ("\n[diary]\nkeep_hours_days = 500\nkeep_days_years = 1\n", "line 2"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_line(tmp_path: Path, text: str, line: str) -> None:
    assert line in refusal(tmp_path, text).found


def test_how_long_hours_and_days_are_kept_can_be_set(tmp_path: Path) -> None:
    assert load_config(None).keeping.retention == Retention(400, 10)
    config = load_config(written(tmp_path, "[diary]\nkeep_hours_days = 100\nkeep_days_years = 2\n"))
    assert config.keeping.retention == Retention(100, 2)
    assert "'keep_hours_days'" in refusal(tmp_path, "[diary]\nkeep_hour_days = 400\n").do


def test_quiet_hours_are_taken_in_the_households_zone(tmp_path: Path) -> None:
    text = 'timezone = "Europe/Berlin"\n[[quiet]]\nfrom = "22:00"\nto = "7:30"\n'
    settings = load_config(written(tmp_path, text)).settings
    assert settings.zone == ZoneInfo("Europe/Berlin")
    assert settings.quiet == (QuietHours(time(22), time(7, 30)),)


def test_quiet_hours_at_a_place_without_a_camera_are_refused(tmp_path: Path) -> None:
    text = '[[camera]]\nplace = "hall"\nsource = "0"\n[[quiet]]\nfrom = "22:00"\nto = "07:00"\nplace = "hal"\n'
    assert "'hal'" in refusal(tmp_path, text).wanted
    other = {"place": "cellar", "source": "1"}
    assert load_config(written(tmp_path, text), camera=(other,)).camera[0].place == "cellar"


def test_two_cameras_in_one_place_are_refused(tmp_path: Path) -> None:
    text = '[[camera]]\nplace = "a"\nsource = "0"\n[[camera]]\nplace = "a"\nsource = "1"\n'
    assert "one camera in each place" in refusal(tmp_path, text).wanted


def test_a_live_camera_that_should_wait_is_refused_with_its_line(tmp_path: Path) -> None:
    text = '\n[[camera]]\nplace = "a"\nsource = "rtsp://anna:secret@host/x"\nevery_frame = true\n'
    error = refusal(tmp_path, text)
    assert "line 2" in error.found
    assert "live camera" in error.wanted
    assert "secret" not in str(error)


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert "not TOML" in refusal(tmp_path, "camera = [").found


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no readable file"):
        load_config(tmp_path / "none.toml")


def test_the_command_line_stands_before_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'data_dir = "/from-file"\n')
    assert load_config(path, data_dir=Path("/said"), bundle=None).data_dir == Path("/said")


def test_the_environment_names_the_key_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIETSTEP_KEY_FILE", "/keys/mine")
    assert load_config(None).key == Path("/keys/mine")
