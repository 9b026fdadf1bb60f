"""What a repository says to a ring of devices: which release, to how many of them. Pure shapes and rules.

Promises: ``decode_rollout`` gives a Rollout in which every field has its form, or raises; two sides (device and
publisher) read a target's name in one way. A device takes a release only if the offline role ``releases`` lists the
target with this SHA-256 and length *and* the online role ``rollout`` names it here.
Refuses unknown and missing fields, target names of any other form, and shares that are no percentage.
"""

import hashlib
import re
from typing import Annotated, Final

import msgspec

from edge.errors import UpdateRefusedError

SCHEMA: Final = 1
RELEASES: Final = "releases"
ROLLOUT: Final = "rollout"
SIGNED_AT: Final = "x-quietstep-signed-s"
"""Extra field of ``timestamp``: when it was signed, whole seconds since 1970. For devices it is not earlier."""
MAX_PAYLOAD_BYTES: Final = (1 << 31) - 1
MAX_ROLLOUT_BYTES: Final = 4096
_RING: Final = r"[a-z0-9][a-z0-9-]{0,31}"
_TARGET: Final = r"releases/([a-z0-9][a-z0-9_.]{0,31}(?:-[a-z0-9_.]+)*)-([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})\.bundle"

Ring = Annotated[str, msgspec.Meta(pattern=rf"\A{_RING}\Z")]
Target = Annotated[str, msgspec.Meta(pattern=rf"\A{_TARGET}\Z", max_length=128)]
Version = tuple[int, ...]


class Rollout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rollout/<ring>.json``: the release a ring gets, and which part of its devices (``share`` in percent)."""

    schema: int
    ring: Ring
    target: Target
    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    length: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAYLOAD_BYTES)]
    share: Annotated[int, msgspec.Meta(ge=0, le=100)]
    previous: Target | None = None


class ReleaseName(msgspec.Struct, frozen=True):
    """What a release's target path says: the model's id and its version."""

    id: str
    version: Version


def dotted(version: Version) -> str:
    """A version as people write it, with three numbers at least."""
    return ".".join(map(str, (*version, 0, 0)[: max(3, len(version))]))


def rollout_path(ring: str) -> str:
    """Target path of a ring's rollout; raises UpdateRefusedError for a name that is no ring's."""
    if not re.fullmatch(_RING, ring):
        raise _refusal(f"the ring {ring!r}", "small letters, digits and hyphens")
    return f"{ROLLOUT}/{ring}.json"


def release_path(model_id: str, version: str) -> str:
    """Target path of a release; raises UpdateRefusedError where id or version do not go into one."""
    path = f"{RELEASES}/{model_id}-{version}.bundle"
    read_name(path)
    return path


def read_name(path: str) -> ReleaseName:
    """Id and version in a release's target path; raises UpdateRefusedError for any other form."""
    match = re.fullmatch(_TARGET, path)
    if not match:
        raise _refusal(f"the target {path!r}", "releases/<id>-<version>.bundle")
    return ReleaseName(match[1], read_version(match[2]))


def read_version(text: str) -> Version:
    """``"2.0.1"`` as numbers that compare, without the zeros at the end; raises UpdateRefusedError."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", text):
        raise _refusal(f"the version {text!r}", "up to four numbers, as in 2.0.1")
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def encode_rollout(rollout: Rollout) -> bytes:
    """The bytes of a rollout; ``decode_rollout`` takes them back."""
    return msgspec.json.encode(rollout)


def decode_rollout(text: bytes, ring: str) -> Rollout:
    """The rollout in ``text``; raises UpdateRefusedError unless it is whole and meant for ``ring``."""
    if len(text) > MAX_ROLLOUT_BYTES:
        raise _refusal(f"a rollout of {len(text)} bytes", f"at most {MAX_ROLLOUT_BYTES}")
    try:
        rollout = msgspec.json.decode(text, type=Rollout)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refusal(f"a rollout that does not decode ({error})", f"schema {SCHEMA}") from error
    if (rollout.schema, rollout.ring) != (SCHEMA, ring):
        found = f"a rollout of schema {rollout.schema} for the ring {rollout.ring!r}"
        raise _refusal(found, f"schema {SCHEMA} for {ring!r}")
    return rollout


def takes_part(rollout: Rollout, device_id: str) -> bool:
    """Whether this device is in the share: the same devices stay in it as it grows, others for each target."""
    digest = hashlib.sha256(f"{device_id} {rollout.target}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < rollout.share


def _refusal(found: str, wanted: str) -> UpdateRefusedError:
    return UpdateRefusedError(found, wanted, "Nothing was changed. Tell whoever publishes the updates.")
