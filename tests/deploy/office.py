"""A small fleet's publisher: keys of three people and a machine, a repository, bundles of several qualities."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from deploy.desk import Desk, Outcome, Person, seated
from deploy.keys import KeyRing
from deploy.layout import Layout
from deploy.policy import DEFAULT, Bounds
from deploy.publish import Asked, publish
from deploy.secrets import Secrets
from deploy.serve import serving
from deploy.sign import sign
from edge.bundle import Figure, describe, read_manifest, write_manifest
from edge.config import REFERENCE_BUNDLE

PASSPHRASE = "seven quiet steps in the hall"
ONLINE = ("rollout-1", "snapshot-1", "timestamp-1")
SURFACE = {"worst_top1": 0.04, "upper95": 0.09, "chance": 0.033, "majority": 0.033}
BundleMaker = Callable[..., Path]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Office:
    """A repository, and the folders of the people: ada and ben hold one offline key of each role, cy the third."""

    repo: Path
    keys: Path
    secrets: Secrets
    bundle: BundleMaker
    privacy: Path

    @property
    def layout(self) -> Layout:
        return Layout(self.repo)

    def person(self, *names: str, now: datetime | None = None) -> Person:
        """Somebody with these folders; "machine" holds the online keys."""
        ring = KeyRing(tuple(self.keys / name for name in names), (), self.secrets)
        return Person(names[0], ring, now or datetime.now(UTC))

    def act(self, does: Callable[[Desk], T], *names: str, now: datetime | None = None) -> T:
        with seated(self.repo, self.person(*names, now=now)) as desk:
            return does(desk)

    def sign(self, desk: Desk) -> Outcome:
        """The second person, who has the figures of privacy, too."""
        return sign(desk, Bounds(DEFAULT, None, self.privacy))

    def asked(self, version: str, because: str = "", **figures: float) -> Asked:
        return Asked(self.bundle(version, **figures), DEFAULT, None, self.privacy, because)

    def publish(self, version: str, *names: str, because: str = "", **figures: float) -> Outcome:
        asked = self.asked(version, because, **figures)
        return self.act(lambda desk: publish(desk, asked), *names)


def hand_out(made: Path, home: Path) -> None:
    """Carry each key to its person."""
    for path in sorted(made.glob("*.pem")):
        owner = "machine" if path.stem in ONLINE else {"1": "ada", "2": "ben", "3": "cy"}[path.stem[-1]]
        (home / "keys" / owner).mkdir(parents=True, exist_ok=True)
        path.rename(home / "keys" / owner / path.name)


def bundle_maker(folder: Path) -> BundleMaker:
    """The reference bundle's graph under another version and other figures."""

    def make(version: str, macro_f1: float = 0.6, posterior: float = 0.05, name: str = "walk") -> Path:
        out = folder / f"{name}-{version}"
        out.mkdir(parents=True)
        for file in ("encoder.onnx", "golden.npz"):
            shutil.copy(REFERENCE_BUNDLE / file, out / file)
        manifest = read_manifest(REFERENCE_BUNDLE)
        note = "whole people held out; majority class 0.25, chance 0.25; n = 120"
        evaluation = (
            Figure("strangers macro_f1", macro_f1, macro_f1 - 0.08, macro_f1 + 0.08, note),
            Figure("strangers accuracy", 0.6, 0.52, 0.68, note),
            Figure("expected calibration error after", 0.067),
            Figure("strangers accepted, disturbed like a camera", 0.99),
        )
        top1 = "identity from posterior logits, worst of 5 attackers, top-1"
        privacy = (Figure(top1, posterior, posterior - 0.02, posterior + 0.05, "strangers; chance 0.033; n = 120"),)
        files = (describe(out / "encoder.onnx"), describe(out / "golden.npz"))
        write_manifest(
            out,
            msgspec.structs.replace(
                manifest,
                id=name,
                version=version,
                files=files,
                evaluation=evaluation,
                privacy=privacy,
                tolerance={"float32": 1e-4},
            ),
        )
        return out

    return make


@contextlib.contextmanager
def on_the_web(office: Office) -> Iterator[int]:
    """The bench's web server shows the office's repository; its port."""
    with serving(office.layout, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
