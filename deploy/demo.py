"""``quietstep-deploy demo``: a publisher, a web server and a device on this machine, from the first key to a roll-back.

Promises: every step is a real one: real signatures, the bench's web server over HTTP, and `quietstep` itself as a
process of its own that asks, stages, tests, shadows, tries, commits and refuses. What is not real is said on the
screen: keys in one folder, a policy without bounds (the shipped bundle breaks the real one, which is shown first), a
simulated walker, a simulated clock, and limits shorter than a home's. Refuses a folder that holds something already.
"""

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from deploy.ceremony import Ceremony, init
from deploy.demo_bundles import LONGEST_S, SHIPPED, broken_model, frail_model, next_version, same_model
from deploy.desk import Desk, Outcome, Person, seated
from deploy.keys import KeyRing
from deploy.layout import Layout
from deploy.policy import DEFAULT, Bounds
from deploy.publish import Asked, publish
from deploy.rings import roll_out
from deploy.roles import ROLES
from deploy.secrets import Secrets
from deploy.serve import serving
from deploy.sign import sign
from edge.errors import DeployError, DeployPolicyError

RING: Final = "stable"
_COMMAND_LIMIT_S: Final = 300
_OWNERS: Final = {"1": "ada", "2": "ben", "3": "cy"}
_OPEN: Final = """schema = 1
[evaluation]
min_macro_f1 = 0.0
min_accuracy_over_majority = -1.0
max_abstained = 1.0
max_ece = 1.0
[privacy]
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything of one demonstration, below one folder."""

    folder: Path
    console: Console
    secrets: Secrets

    @property
    def layout(self) -> Layout:
        """The publisher's repository."""
        return Layout(self.folder / "repo")

    def act(self, does: Callable[[Desk], Outcome], *names: str) -> None:
        """Somebody does something at the publisher's desk, and it is told."""
        ring = KeyRing(tuple(self.folder / "keys" / name for name in names), (), self.secrets)
        with seated(self.layout.folder, Person(names[0], ring, datetime.now(UTC))) as desk:
            self.tell(f"{names[0]}:", *does(desk).did)

    def tell(self, *sentences: str) -> None:
        """Plain lines."""
        self.console.print(*sentences, highlight=False, markup=False, soft_wrap=True)

    def title(self, text: str) -> None:
        """What comes next."""
        self.console.print()
        self.console.rule(f"[bold]{text}", align="left")

    def quietstep(self, *words: str) -> int:
        """Run a command of the device and show all that it says; its exit code."""
        self.console.print(f"[bold cyan]device $[/] quietstep {' '.join(words)}", highlight=False)
        settings = ("--config", str(self.folder / "device" / "quietstep.toml"))
        command = [sys.executable, "-m", "edge.cli", *words, *settings]
        environment = os.environ | {"COLUMNS": str(self.console.width)}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, timeout=_COMMAND_LIMIT_S
        )
        for line in (done.stdout + done.stderr).splitlines():
            self.tell(f"  {line}")
        return done.returncode


def run_demo(folder: Path, console: Console) -> None:
    """All of it; raises DeployError where something went another way than it must."""
    if folder.exists() and any(folder.iterdir()):
        raise DeployError(f"files in {folder}", "a new or empty folder", "Name another one.")
    stage = _founded(folder, console)
    with _web_server(stage) as url:
        _make_device(stage, url)
        _policy_holds(stage)
        _a_good_model(stage)
        _a_frail_model(stage)
        _a_broken_model(stage)
        _a_tampered_archive(stage)
    stage.title("What the device remembers, and what the publisher signed")
    stage.quietstep("update", "history")
    stage.tell(f"The repository is {stage.layout.folder}: quietstep-deploy audit --verify --repo {stage.layout.folder}")


def _founded(folder: Path, console: Console) -> Stage:
    folder.mkdir(parents=True, exist_ok=True)
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(secrets.token_urlsafe(24) + "\n")
    stage = Stage(folder, console, Secrets(passphrase))
    stage.title("1. First keys: three people and a machine")
    stage.tell("Throw-away keys, all in one folder with one passphrase; a real ceremony gives each person their own.")
    made = folder / "keys" / "new"
    outcome = init(Ceremony(stage.layout, made, {}, stage.secrets, "ceremony", datetime.now(UTC)))
    stage.tell(*outcome.did)
    for key in sorted(made.glob("*.pem")):
        role, _, number = key.stem.rpartition("-")
        owner = folder / "keys" / ("machine" if ROLES[role].online else _OWNERS[number])
        owner.mkdir(exist_ok=True)
        key.rename(owner / key.name)
    return stage


@contextmanager
def _web_server(stage: Stage) -> Iterator[str]:
    with serving(stage.layout, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _make_device(stage: Stage, url: str) -> None:
    stage.title("2. A device that follows this publisher")
    device = stage.folder / "device"
    device.mkdir()
    root = stage.layout.embedded_root
    text = f'data_dir = "{device}/data"\n[encoder]\nrungs = ["cpu"]\n[update]\nurl = "{url}"\nroot = "{root}"\n'
    (device / "quietstep.toml").write_text(text)
    stage.tell(text)
    _expect(stage.quietstep("update", "now"), 0)


def _policy_holds(stage: Stage) -> None:
    stage.title("3. The policy: what may not be published")
    stage.tell("The model of this demonstration is the one that ships with Quietstep, under a higher version.")
    try:
        stage.act(lambda desk: publish(desk, Asked(SHIPPED, DEFAULT)), "ada")
    except DeployPolicyError as error:
        stage.tell(f"ada: {error}")
        stage.tell("So it would not go out. From here on this throw-away repository has a policy without bounds.")
    (stage.folder / "open-policy.toml").write_text(_OPEN)


def _ship(stage: Stage, bundle: Path) -> None:
    asked = Asked(bundle, stage.folder / "open-policy.toml")
    stage.act(lambda desk: publish(desk, asked), "ada")
    stage.act(lambda desk: sign(desk, Bounds(asked.policy)), "ben", "machine")
    stage.act(lambda desk: roll_out(desk, RING, bundle.name, 100), "machine")


def _a_good_model(stage: Stage) -> None:
    stage.title("4. A new model: two people sign, a machine offers, the home decides")
    _ship(stage, same_model(stage.folder / "bundles", next_version(1)))
    _expect(stage.quietstep("update", "now"), 0)
    stage.tell("Walks are simulated, and so is the clock of shadow and trial; a home compares 100 cycles, not 10, and")
    stage.tell("tries for an hour, not for five minutes (without --short it is so here, too).")
    _expect(stage.quietstep("update", "rehearse", "--short"), 0)


def _a_frail_model(stage: Stage) -> None:
    stage.title(f"5. A model that is good until somebody needs more than {LONGEST_S} s for a gait cycle")
    _ship(stage, frail_model(stage.folder / "bundles", next_version(2)))
    _expect(stage.quietstep("update", "now"), 0)
    stage.tell("Self-test and shadow find nothing. During its trial somebody slow comes by:")
    _expect(stage.quietstep("update", "rehearse", "--short", "--visitor"), 0)


def _a_broken_model(stage: Stage) -> None:
    stage.title("6. A broken model, properly signed: weights that are no numbers")
    _ship(stage, broken_model(stage.folder / "bundles", next_version(3)))
    _expect(stage.quietstep("update", "now"), 0)
    _expect(stage.quietstep("update", "rehearse", "--short"), 0)
    stage.tell("It is never fetched again:")
    _expect(stage.quietstep("update", "now"), 0)
    _expect(stage.quietstep("update", "status"), 0)


def _a_tampered_archive(stage: Stage) -> None:
    stage.title("7. An archive that was changed on the web server after it was signed")
    bundle = same_model(stage.folder / "bundles", next_version(4))
    _ship(stage, bundle)
    [archive] = (stage.layout.targets / "releases").glob(f"*.{bundle.name}.bundle")
    data = bytearray(archive.read_bytes())
    data[-2000] ^= 1
    archive.write_bytes(data)
    stage.tell(f"One bit of {archive.name} is turned.")
    _expect(stage.quietstep("update", "now"), 1)


def _expect(code: int, wanted: int) -> None:
    if code != wanted:
        raise DeployError(f"a demonstration that ended with exit code {code}", f"{wanted}", "Read what it said above.")
