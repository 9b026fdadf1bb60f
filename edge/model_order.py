"""Which model is to answer, and which runs beside it: what the supervisor tells the monitor, with every tick.

Promises: plain words; importing this brings neither numpy nor a runtime. It is a wish: what does not open or fails is
not taken, and the monitor says so. Refuses names that are no SHA-256 (they become part of a path).
"""

from typing import Annotated, Literal

import msgspec

Sha = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]


class ModelOrder(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Bundles by the SHA-256 of their archives, "" for the one that ships with Quietstep.

    ``beside`` runs in the shadow of ``active``, or answers on trial with ``active`` open beside it; where ``active``
    cannot answer, ``fallback`` does.
    """

    active: Sha = ""
    fallback: Sha = ""
    beside: Sha = ""
    stage: Literal["", "shadow", "trial"] = ""

    @property
    def answering(self) -> str:
        """The one that is to answer."""
        return self.beside if self.stage == "trial" else self.active

    @property
    def spare(self) -> str | None:
        """The one that is to be open beside it, if any."""
        return {"shadow": self.beside, "trial": self.active}.get(self.stage)
