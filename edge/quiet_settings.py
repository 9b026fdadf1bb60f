"""Quiet hours as quietstep.toml writes them.

Promises: times like ``22:00``, over midnight where ``to`` is earlier. Refuses a window that ends when it begins.
"""

from datetime import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from edge.errors import ConfigError
from edge.pause import time_of

Place = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9 _-]{0,31}$")]


class Window(BaseModel):
    """From and to as ``22:00``, over midnight where ``to`` is earlier."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Annotated[time, Field(alias="from")]
    end: Annotated[time, Field(alias="to")]

    @field_validator("start", "end", mode="before")
    @classmethod
    def _is_a_time(cls, text: object) -> time:
        try:
            return time_of(str(text))
        except ConfigError as error:
            raise ValueError(error.wanted + ', like "22:00"') from error

    @model_validator(mode="after")
    def _ends_elsewhere(self) -> "Window":
        if self.start == self.end:
            raise ValueError("quiet hours whose end is not their start; `quietstep pause` is for whole days")
        return self


class Quiet(Window):
    """Hours in which nothing is watched, at one place or at all."""

    place: Place | None = None
