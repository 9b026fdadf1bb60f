"""``quietstep demo``: the real chain on the synthetic camera, then simulated weeks through it, and a report.

Promises: nothing in it is acted but the walker: camera process, MediaPipe, sockets, segmenter, encoder and encrypted
diary are those of a home. Its diaries are its own and marked as demonstrations. Refuses to write into a home's diary.
It needs no consent and knows no pause: its camera shows nobody, and its data folders are not the home's.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from edge.config import Camera, Config
from edge.diary.diary import Diary, MemoryLedger
from edge.diary.store import Store
from edge.encoder import AffectEncoder, open_encoder
from edge.log import set_up_logging
from edge.monitor import Monitor
from edge.review.terminal import print_report
from edge.run import watch_live
from edge.service import Service, serving
from edge.simulate import PLACE, PlannedWalk, day_messages, plan_weeks
from edge.stop import Stop

SOURCE: Final = "synthetic:identity=1,affect=happy,view=side,path=cross"
SEED: Final = 1


def run_demo(config: Config, pose_model: Path, console: Console, *, seconds: float, n_weeks: int) -> None:
    """Watch the synthetic camera for ``seconds``, then live ``n_weeks`` weeks, then tell of them."""
    set_up_logging(level="warning")
    with tempfile.TemporaryDirectory(prefix="quietstep-demo-") as folder, Stop().listening() as stop:
        own = config.model_copy(update={"data_dir": Path(folder) / "camera", "key_file": None})
        _watch(own, pose_model, console, stop, seconds)
        if stop.asked:
            return
        kept = config.model_copy(update={"data_dir": config.data_dir / "demo", "key_file": None})
        _live_weeks(kept, console, n_weeks)
    print_report(kept.diary, kept.key, n_weeks, console)
    console.print(f"\nThis was a demonstration; its diary is {kept.diary}. Your own: [bold]quietstep run --source 0[/]")


def _watch(config: Config, pose_model: Path, console: Console, stop: Stop, seconds: float) -> None:
    console.rule("[bold]1. A synthetic person walks past a synthetic camera, through the real chain", align="left")
    watching = config.model_copy(update={"camera": (Camera(place=PLACE, source=SOURCE),)})
    service = Service(watching, pose_model, kind="demo")
    with serving(service, stop):
        watch_live(service, console, stop, seconds)
    reading = service.last_status.reading
    told = f"{reading.n_frames} frames, {reading.n_contacts} contacts, {reading.n_cycles} usable gait cycles"
    console.print(f"{told}, {reading.n_abstained} abstentions, on rung {service.last_status.rung}.")


def _live_weeks(config: Config, console: Console, n_weeks: int) -> None:
    console.print()
    console.rule(f"[bold]2. {n_weeks} simulated weeks, through the same segmenter, encoder and diary", align="left")
    last_day = datetime.now(UTC).date() - timedelta(days=1)
    walks = plan_weeks(last_day, n_weeks, SEED)
    encoder = open_encoder(config.bundle)
    with _progress(console) as progress:
        task = progress.add_task(f"{len(walks)} walks", total=7 * n_weeks)
        ledger = live(encoder, last_day, n_weeks, walks, lambda: progress.advance(task))
    with Store.open(config.diary, config.key, kind="demo") as store:
        store.erase()
        store.save(ledger.rows, ())


def live(
    encoder: AffectEncoder, last_day: date, n_weeks: int, walks: list[PlannedWalk], on_day: Callable[[], None]
) -> MemoryLedger:
    """The rows of simulated weeks. Kept in memory until the end: nobody has to survive a power cut of 2 ms days."""
    ledger = MemoryLedger()
    monitor = Monitor(encoder, Diary(ledger, encoder.model_id, encoder.rung), (PLACE,))
    seq = 0
    for number in range(7 * n_weeks):
        day = last_day - timedelta(days=7 * n_weeks - 1 - number)
        for message in day_messages(day, [walk for walk in walks if _day_of(walk) == day], seq):
            monitor.update(message)
            seq += 1
        monitor.flush()
        monitor.stop(message.t_wall_ns / 1e9)
        on_day()
    return ledger


def _day_of(walk: PlannedWalk) -> date:
    return datetime.fromtimestamp(walk.start_s, UTC).date()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console
    )
