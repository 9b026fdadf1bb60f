"""The section ``[homeassistant]`` of the settings: whether, and through which broker, Home Assistant is told.

Promises: off unless it says on; TLS unless the broker is on this very machine. Refuses a broker elsewhere without TLS
or without a name and a password, for then anybody in the network could read along.
"""

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Topic = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class HomeAssistant(BaseModel):
    """``ca_file`` None: the system's authorities; ``id`` is the home's name in topics, of your choice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: bool = False
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    ca_file: Path | None = None
    user: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    password_file: Path | None = None
    id: Topic = "quietstep"
    discovery_prefix: Topic = "homeassistant"

    @model_validator(mode="after")
    def _plain_only_at_home(self) -> "HomeAssistant":
        if not self.tls and not is_loopback(self.host):
            raise ValueError("tls = true for a broker that is not on this machine")
        if not self.tls and self.ca_file is not None:
            raise ValueError("no ca_file where tls is off")
        return self

    @model_validator(mode="after")
    def _who_it_is(self) -> "HomeAssistant":
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file both, or neither")
        if self.on and self.user is None and not is_loopback(self.host):
            raise ValueError("user and password_file for a broker that is not on this machine")
        return self


def is_loopback(host: str) -> bool:
    """This machine by name or number."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
