"""The section ``[update]`` of the settings: where new models come from, and when they are asked for.

Promises: off where no ``url`` is given. Refuses an address that is not encrypted (but for this machine), a url without
the publisher's root.json, a ring that cannot be one, and polls that would be a burden to a server other than a bench.
"""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from edge.errors import UpdateError
from edge.quiet_settings import Window
from edge.update.release import rollout_path
from edge.update.transfer import is_loopback, refuse_address

LEAST_HOURS: Final = 0.25


class Update(BaseModel):
    """``url`` has ``metadata/`` and ``targets/`` below it; ``root`` is the root.json that this home trusts from the
    beginning, a relative one seen from the folder of the settings. ``metered``: ask, and fetch nothing large.
    ``quiet``: hours in which nothing is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    root: Path | None = None
    ring: str = "stable"
    metered: bool = False
    every_hours: Annotated[float, Field(gt=0.0, le=24.0)] = 6.0
    quiet: tuple[Window, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        try:
            return None if url is None else refuse_address(url, allow_plain=False).geturl().rstrip("/")
        except UpdateError as error:
            raise ValueError(error.wanted) from error

    @field_validator("root")
    @classmethod
    def _lies_beside_the_settings(cls, root: Path | None, info: ValidationInfo) -> Path | None:
        """A relative path means the same from wherever Quietstep is started."""
        folder = info.context.get("folder") if info.context else None
        return folder / root if root is not None and folder is not None else root

    @field_validator("ring")
    @classmethod
    def _is_a_ring(cls, ring: str) -> str:
        try:
            rollout_path(ring)
        except UpdateError as error:
            raise ValueError(error.wanted) from error
        return ring

    @model_validator(mode="after")
    def _has_a_root(self) -> "Update":
        if self.url and self.root is None:
            raise ValueError('a root beside the url: root = "/path/of/root.json", which whoever publishes hands out')
        return self

    @model_validator(mode="after")
    def _is_no_burden(self) -> "Update":
        bench = self.url is not None and is_loopback(urlsplit(self.url).hostname or "")
        if self.every_hours < LEAST_HOURS and not bench:
            raise ValueError(f"every_hours of at least {LEAST_HOURS:g}, but for a server on this machine")
        return self
