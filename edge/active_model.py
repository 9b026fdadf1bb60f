"""The committed model's name, as rows of the diary name it.

Promises: ``id-version`` of the bundle that answers after the next start: the committed one, else the one that ships
with Quietstep or was named by hand. Refuses a shipped bundle that is none (BundleError); a models.db or a downloaded
bundle that cannot be read means the shipped one, as it does for the service.
"""

import contextlib

from edge.bundle import Manifest, read_manifest
from edge.config import REFERENCE_BUNDLE, Config
from edge.errors import QuietstepError
from edge.update.pointer import ModelStore
from edge.update.world import SHIPPED


def active_model_id(config: Config) -> str:
    """As `edge.encoder.AffectEncoder.model_id`, without opening a model."""
    manifest = _downloaded(config) or read_manifest(config.bundle)
    return f"{manifest.id}-{manifest.version}"


def _downloaded(config: Config) -> Manifest | None:
    if config.bundle != REFERENCE_BUNDLE:
        return None
    with contextlib.suppress(QuietstepError, OSError):
        active = ModelStore(config.models).read().world.pointer.active
        return None if active == SHIPPED else read_manifest(config.bundles / active)
    return None
