"""What many rooms' tests need: the pose model, the reference encoder, the real data where they are."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core: more threads only wait for each other

from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder, open_encoder
from edge.errors import PoseModelError
from edge.sense.pose_model import find_or_build


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of real processes share one worker, so that none waits on another's; every file stays whole."""
    for item in items:
        group = "chain" if item.get_closest_marker("chain") else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


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
