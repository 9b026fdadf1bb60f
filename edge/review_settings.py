"""The section ``[review]`` of the settings: where the page listens and in which language it speaks.

Promises: on this machine only, unless it names another address. Refuses names and ports that are none; that another
address needs a certificate and an account is the refusal of the page itself (`edge.review`).
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Review(BaseModel):
    """The page: where it listens, its certificate, the names it goes by, its language (else the browser's)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8745
    certificate: Path | None = None
    private_key: Path | None = None
    names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")], ...] = ()
    language: Literal["en", "de"] | None = None
