"""How long a pause takes to close the cameras, and a resume to bring a picture: ``python -m tests.bench.pausing``.

Promises: real processes on the synthetic camera, times from the change in state.db to what the supervisor sees.
Refuses to judge: it prints the median with the least and the most.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs

from edge.boot_clock import read_clock
from edge.config import Camera, Config, Encoder
from edge.pause import ALL_PLACES
from edge.sense.pose_model import find_or_build
from edge.service import STEP_S, Service, serving
from edge.state import open_door, read_state

SOURCE = "synthetic:identity=1,view=side,path=treadmill,live=yes"


def until(service: Service, done: Callable[[], bool]) -> float:
    """Step until ``done``; the seconds it took."""
    begin_s = time.monotonic()
    while not done():
        service.step()
        time.sleep(STEP_S)
    return time.monotonic() - begin_s


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each pause and resume, and of each reading of state.db."""
    told: dict[str, list[float]] = {
        "pause to closed, s": [],
        "resume to first picture, s": [],
        "reading state.db, ms": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        config = Config(
            camera=(Camera(place="hall", source=SOURCE),), data_dir=Path(folder), encoder=Encoder(rungs=("cpu",))
        )
        service = Service(config, find_or_build(None, Path(platformdirs.user_cache_dir("quietstep"))))
        with serving(service):
            until(service, lambda: service.status.cameras["hall"].n_taken > 20)
            for _ in range(rounds):
                with open_door(config.state) as door:
                    door.pause(ALL_PLACES, read_clock(), None)
                closed = until(service, lambda: not any(child.running for child in service.children[1:]))
                told["pause to closed, s"].append(closed)
                n_taken = service.status.cameras["hall"].n_taken
                with open_door(config.state) as door:
                    door.resume()
                back = until(service, lambda n=n_taken: service.status.cameras["hall"].n_taken > n)  # type: ignore[misc]
                told["resume to first picture, s"].append(back)
        for _ in range(100):
            begin_s = time.perf_counter()
            read_state(config.state)
            told["reading state.db, ms"].append(1000 * (time.perf_counter() - begin_s))
    return told


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    print("| what | median (least to most) |\n|---|---|")
    for what, values in measure(parser.parse_args().rounds).items():
        print(f"| {what} | {statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f}) |")


if __name__ == "__main__":
    main()
