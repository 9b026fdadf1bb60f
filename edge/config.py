"""Configuration: one TOML file, checked strictly.

Promises: every key is known, every value has its type and range, and a mistake is told with its line.
Refuses unknown keys, two cameras in one place, and paths that cannot be meant. Environment variables
``QUIETSTEP_DATA_DIR``, ``QUIETSTEP_POSE_MODEL`` and ``QUIETSTEP_KEY_FILE`` stand in for keys the file leaves out.
"""

import difflib
import tomllib
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from edge.config_lines import line_of
from edge.errors import ConfigError
from edge.homeassistant.settings import HomeAssistant
from edge.permission import Settings
from edge.quiet_hours import QuietHours
from edge.quiet_settings import Place, Quiet
from edge.retention import Retention
from edge.review_settings import Review
from edge.rungs import RUNGS, LadderSettings
from edge.sense.sources import is_live
from edge.share_settings import Share
from edge.update_settings import Update
from edge.zone import household_zone

FILE_NAME: Final = "quietstep.toml"
REFERENCE_BUNDLE: Final = Path(__file__).parent / "models" / "reference"

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Camera(_Strict):
    """One camera: where it hangs and where its pictures come from."""

    place: Place
    source: Annotated[str, Field(min_length=1)]
    crop: tuple[Fraction, Fraction, Fraction, Fraction] | None = None
    frames: tuple[int, int] | None = None
    max_people: Annotated[int, Field(ge=1, le=4)] = 4
    every_frame: bool | None = None

    @field_validator("crop")
    @classmethod
    def _crop_has_area(cls, crop: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if crop and not (crop[0] < crop[2] and crop[1] < crop[3]):
            raise ValueError("left, top, right, bottom as fractions, left < right and top < bottom")
        return crop

    @field_validator("frames")
    @classmethod
    def _frames_rise(cls, frames: tuple[int, int] | None) -> tuple[int, int] | None:
        if frames and not 0 <= frames[0] <= frames[1]:
            raise ValueError("first and last frame, counted from 0, first <= last")
        return frames

    @model_validator(mode="after")
    def _live_cameras_do_not_wait(self) -> "Camera":
        if self.every_frame and is_live(self.source):
            raise ValueError("a video file where every_frame is set, for a live camera does not wait")
        return self


class Encoder(_Strict):
    """Where the affect encoder runs: rungs in the order they are tried, and their limits."""

    rungs: tuple[Literal["tensorrt", "onnx-tensorrt", "cuda", "cpu"], ...] = RUNGS  # type: ignore[assignment]
    memory_mib: Annotated[int, Field(ge=64, le=65536)] = 512
    engines: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("quietstep")) / "engines")
    engines_mib: Annotated[int, Field(ge=16, le=65536)] = 512
    build_limit_s: Annotated[float, Field(ge=10.0, le=7200.0)] = 900.0

    @field_validator("rungs")
    @classmethod
    def _rungs_differ(cls, rungs: tuple[str, ...]) -> tuple[str, ...]:
        if not rungs or len(set(rungs)) != len(rungs):
            raise ValueError(f"some of {', '.join(RUNGS)}, each once")
        return rungs

    @property
    def ladder(self) -> LadderSettings:
        """The same, as the encoder takes it."""
        return LadderSettings(
            self.rungs, self.memory_mib, str(self.engines), self.engines_mib, build_limit_s=self.build_limit_s
        )


class Keeping(_Strict):
    """How long the diary keeps hours (at least what the usual and its scale need) and, after that, days."""

    keep_hours_days: Annotated[int, Field(ge=100, le=36_500)] = 400
    keep_days_years: Annotated[int, Field(ge=1, le=100)] = 10

    @model_validator(mode="after")
    def _days_outlive_hours(self) -> "Keeping":
        if self.keep_hours_days > 365 * self.keep_days_years:
            raise ValueError("days that are kept at least as long as hours")
        return self

    @property
    def retention(self) -> Retention:
        """The same, as the diary takes it."""
        return Retention(self.keep_hours_days, self.keep_days_years)


class Config(_Strict):
    """Everything a home can set."""

    camera: tuple[Camera, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    timezone: str | None = None
    encoder: Encoder = Field(default_factory=Encoder)
    share: Share = Field(default_factory=Share)
    update: Update = Field(default_factory=Update)
    keeping: Keeping = Field(default_factory=Keeping, alias="diary")  # config.diary is its file
    review: Review = Field(default_factory=Review)
    homeassistant: HomeAssistant = Field(default_factory=HomeAssistant)
    data_dir: Path
    bundle: Path = REFERENCE_BUNDLE
    pose_model: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _places_differ(self) -> "Config":
        places = [camera.place for camera in self.camera]
        twice = sorted({place for place in places if places.count(place) > 1})
        if twice:
            raise ValueError(f"one camera in each place, and {', '.join(twice)} named once")
        return self

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, name: str | None) -> str | None:
        household_zone(name)
        return name

    @model_validator(mode="after")
    def _quiet_places_exist(self, info: ValidationInfo) -> "Config":
        # A typo would leave a place watched at night. With --source the file's cameras are not there to compare.
        places = {camera.place for camera in self.camera}
        strange = [quiet.place for quiet in self.quiet if quiet.place and quiet.place not in places]
        if strange and not (info.context and info.context.get("other_cameras")):
            raise ValueError(f"quiet hours at places that have a camera, and {strange[0]!r} has none")
        return self

    @property
    def zone(self) -> tzinfo:
        """The household's time zone: the one named, else the system's."""
        return household_zone(self.timezone)

    @property
    def settings(self) -> Settings:
        """Quiet hours and zone, as ``edge.permission`` takes them."""
        quiet = tuple(QuietHours(window.start, window.end, window.place) for window in self.quiet)
        return Settings(quiet, self.zone)

    @property
    def state(self) -> Path:
        """The file of pauses and consent."""
        return self.data_dir / "state.db"

    @property
    def models(self) -> Path:
        """Which model is committed, and which is tried."""
        return self.data_dir / "models.db"

    @property
    def bundles(self) -> Path:
        """The folder of downloaded bundles."""
        return self.data_dir / "bundles"

    @property
    def update_note(self) -> Path:
        """Where the updater says when it asks next, and what came of it."""
        return self.data_dir / "update.json"

    @property
    def running_note(self) -> Path:
        """Where a running service says that it runs."""
        return self.data_dir / "running.json"

    @property
    def diary(self) -> Path:
        """The diary's file."""
        return self.data_dir / "diary.db"

    @property
    def key(self) -> Path:
        """The key file of the diary."""
        return self.key_file or self.data_dir / "diary.key"

    @property
    def share_folder(self) -> Path:
        """Where `quietstep share` puts its files."""
        return self.share.folder or self.data_dir / "shared"


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="QUIETSTEP_", extra="ignore")

    data_dir: Path = Path(platformdirs.user_data_dir("quietstep"))
    pose_model: Path | None = None
    key_file: Path | None = None


def find_config() -> Path | None:
    """``quietstep.toml`` here, else in the user's configuration folder, else None."""
    places = (Path.cwd(), Path(platformdirs.user_config_dir("quietstep")))
    return next((place / FILE_NAME for place in places if (place / FILE_NAME).is_file()), None)


def load_config(path: Path | None, **overrides: Any) -> Config:
    """The configuration in ``path`` (None: defaults only) with what the command line says in its place.

    Overrides that are None count as not said. Raises ConfigError naming file, line and remedy.
    """
    text = _read(path) if path else ""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} that is not TOML ({error})", "a TOML file", "Mend that line.") from error
    said = {key: value for key, value in overrides.items() if value is not None}
    defaults = _Environment().model_dump(exclude_none=True)
    try:
        context = {"other_cameras": "camera" in said, "folder": path.absolute().parent if path else None}
        return Config.model_validate(defaults | values | said, context=context)
    except ValidationError as error:
        raise _sentence(path, text, error) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"no readable file {path} ({error})", "a quietstep.toml", "Check the path.") from error


def _sentence(path: Path | None, text: str, error: ValidationError) -> ConfigError:
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    loc = first["loc"]
    line = line_of(text, loc)
    where = f"{path}, line {line}" if line else f"{path or 'the settings'}"
    name = _name(loc)
    if first["type"] == "extra_forbidden":
        return ConfigError(f"the unknown key {name} in {where}", _known(loc), _hint(str(loc[-1]), loc))
    if first["type"] == "missing":
        return ConfigError(f"no {name} in {where}", f"a line {loc[-1]} = …", "Add that line.")
    message = first["msg"].removeprefix("Value error, ")
    if not loc:
        return ConfigError(f"{where} that contradicts itself", message, "Mend the file.")
    return ConfigError(f"{name} = {_shown(first)} in {where}", message[0].lower() + message[1:], "Mend that line.")


def _name(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).removeprefix(".") or "the file"


def _shown(problem: Any) -> str:
    value = problem.get("input")
    return repr(value) if isinstance(value, str | int | float) else "…"


def _fields(loc: tuple[int | str, ...]) -> list[str]:
    tables: dict[int | str, type[BaseModel]] = {
        "camera": Camera,
        "quiet": Quiet,
        "encoder": Encoder,
        "share": Share,
        "update": Update,
        "diary": Keeping,
        "review": Review,
        "homeassistant": HomeAssistant,
    }
    fields = tables.get(loc[0], Config).model_fields if len(loc) > 1 else Config.model_fields
    return [field.alias or name for name, field in fields.items()]


def _known(loc: tuple[int | str, ...]) -> str:
    return f"one of {', '.join(_fields(loc))}"


def _hint(key: str, loc: tuple[int | str, ...]) -> str:
    close = difflib.get_close_matches(key, _fields(loc), n=1)
    return f"Did you mean {close[0]!r}?" if close else "Remove that line."
