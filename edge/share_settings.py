"""The section ``[share]`` of the settings: whether, what and how much may leave the home.

Promises: off unless it says on. Refuses an epsilon for a packet that other homes do not have (it would tell homes
apart), more than 2 for a packet, and a budget above 10: beyond it nobody would call the figure a protection
(Ponomareva et al. 2023, sec. 5.2.1, tiers of epsilon).
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Share(BaseModel):
    """Off by default; one packet for each week or day at ``epsilon``, ``budget`` for all that ever leaves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: bool = False
    period: Literal["week", "day"] = "week"
    epsilon: Literal[0.25, 0.5, 1.0, 2.0] = 1.0  # type: ignore[valid-type]
    budget: Annotated[float, Field(gt=0.0, le=10.0)] = 8.0
    folder: Path | None = None

    @model_validator(mode="after")
    def _buys_one(self) -> "Share":
        if self.budget < self.epsilon:
            raise ValueError("a budget of at least one packet's epsilon")
        return self
