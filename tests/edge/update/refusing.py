"""What every attack on what is signed is held against: refused, nothing staged, no floor lowered."""

import pytest

from edge.errors import UpdateError, UpdateRefusedError
from tests.edge.update.conftest import Home

NEXT = "releases/reference-2.2.0.bundle"


def refused(home: Home, error: type[UpdateError] = UpdateRefusedError) -> UpdateError:
    """The check fails with this error, stages nothing, and lowers no floor."""
    staged, floor_s = home.staged_names(), home.standing().time_floor_s
    with pytest.raises(error) as caught:
        home.check()
    assert home.staged_names() == staged
    assert home.standing().time_floor_s >= floor_s
    return caught.value
