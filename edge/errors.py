"""Every error Quietstep raises on purpose, as one tree.

Promises: each error says what was *found*, what was *wanted* and what to *do*, so that the command line can print
it as it stands and exit with ``exit_code``. Refuses to carry data: no landmark, picture or key is ever put in one.

    QuietstepError
    ├── ConfigError            the configuration file
    ├── CameraError            a camera, a video file, a synthetic camera
    ├── LockError              a process that must not reach the network could not lock itself in
    ├── PoseModelError         the pose estimator's model file
    ├── PoseError              the pose estimator itself
    ├── WireError              a message between processes
    ├── RecordingError         a recording of skeletons given to replay or training
    ├── BundleError            a model bundle on disk
    ├── EncoderError           the runtime that answers for a bundle
    ├── ServiceError           the running service: processes that do not come up
    ├── ConsentError           nobody agreed to be watched
    ├── StateError             pauses and consent (state.db)
    ├── SharingError           what may leave the home: packets, their budget, the yes to it
    ├── HomeAssistantError     the MQTT broker that Home Assistant is told through
    ├── UpdateError            an update that does not come, or must not be taken
    │   ├── UpdateRefusedError     what came is not what the keys vouch for, or not for this device
    │   ├── UpdateFetchError       it did not come: network, server, disk
    │   └── UpdateStoreError       the trust itself (update.db)
    ├── TrainingError          training data or a training run
    ├── DeployError            the repository of updates, on the publisher's side
    │   ├── DeployKeyError         a key, a passphrase or a token
    │   └── DeployPolicyError      a model that may not be published
    └── DiaryError             the diary
        ├── DiaryKeyError          the key does not open it
        ├── DiaryDamagedError      it is not a whole Quietstep diary
        ├── DiaryFullError         no room to write
        ├── DiaryReadOnlyError     no permission to write
        ├── DiaryBusyError         another process is its writer
        └── DiaryVersionError      written by a newer Quietstep
"""


class QuietstepError(Exception):
    """An expected failure, told in one sentence group: what was found, what was wanted, what to do."""

    exit_code = 1

    def __init__(self, found: str, wanted: str, do: str) -> None:
        super().__init__(found, wanted, do)
        self.found = found
        self.wanted = wanted
        self.do = do

    def __str__(self) -> str:
        return f"Found {self.found}. Wanted {self.wanted}. {self.do}"


class ConfigError(QuietstepError):
    """The configuration file is missing, unreadable or says something unknown."""


class CameraError(QuietstepError):
    """A camera, video file or synthetic camera cannot be read."""


class LockError(QuietstepError):
    """A process could not shut itself out of the network, so it must not start."""


class PoseModelError(QuietstepError):
    """The pose model file is missing or is not the pinned one."""


class PoseError(QuietstepError):
    """The pose estimator failed on a picture."""


class WireError(QuietstepError):
    """A message between processes does not have the one form that is accepted."""


class RecordingError(QuietstepError):
    """A recording of skeletons has a wrong shape, type, topology or clock."""


class BundleError(QuietstepError):
    """A model bundle is incomplete, altered or made for another device."""


class EncoderError(QuietstepError):
    """The inference runtime did not answer as the bundle says it must."""


class ServiceError(QuietstepError):
    """The running service cannot start or keep its processes."""


class ConsentError(QuietstepError):
    """Nobody who lives here agreed to be watched, or the consent was withdrawn."""


class StateError(QuietstepError):
    """Pauses and consent cannot be read or written; until they can, everything rests."""


class SharingError(QuietstepError):
    """Nothing leaves: sharing is off, the budget is spent, or a packet is none."""


class HomeAssistantError(QuietstepError):
    """The MQTT broker cannot be used as the settings say; nothing was told."""


class UpdateError(QuietstepError):
    """An update was not taken; the model that runs goes on."""


class UpdateRefusedError(UpdateError):
    """What came is not vouched for by the keys, is older than what was seen, or is not for this device."""


class UpdateFetchError(UpdateError):
    """It did not come whole: network, server or disk; the next try goes on from there."""

    exit_code = 3


class UpdateStoreError(UpdateError):
    """The file of update trust cannot be read or written; until it can, no update is taken."""


class TrainingError(QuietstepError):
    """Training data or a training run cannot be used."""


class DeployError(QuietstepError):
    """The repository of updates cannot be read, written or shown as it is."""


class DeployKeyError(DeployError):
    """A signing key, its passphrase or its token is missing, or is not the one that was named."""


class DeployPolicyError(DeployError):
    """A model breaks its policy, or is worse than the one before and nobody said why it goes out."""


class DiaryError(QuietstepError):
    """The diary cannot be opened, read or written."""


class DiaryKeyError(DiaryError):
    """The key is missing, open to others, or not the one the diary was written with."""


class DiaryDamagedError(DiaryError):
    """The file is damaged, or is not a Quietstep diary."""


class DiaryFullError(DiaryError):
    """There is no room left to write."""


class DiaryReadOnlyError(DiaryError):
    """The folder or file does not allow writing."""


class DiaryBusyError(DiaryError):
    """Another process is already the diary's one writer."""


class DiaryVersionError(DiaryError):
    """The diary was written by a newer version."""
