"""What many rooms' tests need: the pose model, the reference encoder, the real data where they are."""

import functools
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core: more threads only wait for each other

from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder, open_encoder
from edge.errors import PoseModelError
from edge.sense.pose_model import find_or_build


class WholeFiles(LoadFileScheduling):
    """A file stays on one worker, so that its fixtures are made once, and all that start real processes share one."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "chain" if _starts_processes(Path(__file__).parent.parent / file) else file


@functools.cache
def _starts_processes(file: Path) -> bool:
    return "pytest.mark.chain" in file.read_text()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles:
    """xdist's own groups are lost with pytest 9.2: it reads them from a node id that pytest no longer lets it write."""
    return WholeFiles(config, log)


@pytest.fixture(scope="session")
def pose_model() -> Path:
    """The real pose model: QUIETSTEP_POSE_MODEL, else one assembled for this run."""
    given = os.environ.get("QUIETSTEP_POSE_MODEL")
    cache = Path(tempfile.gettempdir()) / f"quietstep-test-model-{os.getuid()}"
    try:
        return find_or_build(Path(given) if given else None, cache)
    except PoseModelError as error:
        pytest.skip(f"no pose model here: {error}")


@pytest.fixture(scope="session")
def encoder() -> AffectEncoder:
    """The model that ships with the package."""
    return open_encoder(REFERENCE_BUNDLE)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real recordings, or a skip that says how to name it."""
    folder = os.environ.get("QUIETSTEP_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real data: set QUIETSTEP_DATA to their folder")
    return Path(folder)
