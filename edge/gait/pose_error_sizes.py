"""What is known of an estimator's error, seen from one side: the sizes that `pose_error` draws from.

Promises: values only, frozen; seconds, metres, degrees, shares in [0, 1]. Refuses nothing: they are measured, by
`tests.bench.mediapipe_error`, not typed in.

Axes: right of the picture, up in it, towards the lens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.gait.skeleton import (
    HEAD,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_TOE,
    LEFT_WRIST,
    MIRROR,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_TOE,
    RIGHT_WRIST,
)

# (landmark, whose error its own follows), in the order of drawing; the right hip is the left one's opposite.
FOLLOWS = (
    (LEFT_HIP, None),
    (LEFT_SHOULDER, None),
    (RIGHT_SHOULDER, LEFT_SHOULDER),
    (HEAD, LEFT_SHOULDER),
    (LEFT_ELBOW, LEFT_SHOULDER),
    (RIGHT_ELBOW, RIGHT_SHOULDER),
    (LEFT_WRIST, LEFT_ELBOW),
    (RIGHT_WRIST, RIGHT_ELBOW),
    (LEFT_KNEE, LEFT_HIP),
    (RIGHT_KNEE, RIGHT_HIP),
    (LEFT_ANKLE, LEFT_KNEE),
    (RIGHT_ANKLE, RIGHT_KNEE),
    (LEFT_HEEL, LEFT_ANKLE),
    (RIGHT_HEEL, RIGHT_ANKLE),
    (LEFT_TOE, LEFT_ANKLE),
    (RIGHT_TOE, RIGHT_ANKLE),
)
_BELOW = (LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL, LEFT_TOE, RIGHT_KNEE, RIGHT_ANKLE, RIGHT_HEEL, RIGHT_TOE)
_LEGS = (LEFT_HIP, RIGHT_HIP, *_BELOW)
_ARMS = (LEFT_ELBOW, LEFT_WRIST, RIGHT_ELBOW, RIGHT_WRIST)
FEET_IN_PICTURE = "feet, in the picture"
SWAPPED = {
    "body": (LEFT_SHOULDER, RIGHT_SHOULDER, *_ARMS, *_LEGS),
    "legs": _LEGS,
    "below the hips": _BELOW,
    "arms": _ARMS,
    FEET_IN_PICTURE: (LEFT_ANKLE, LEFT_HEEL, LEFT_TOE, RIGHT_ANKLE, RIGHT_HEEL, RIGHT_TOE),
}
"""Which landmarks change sides together; `FEET_IN_PICTURE` keep their depths and visibilities."""

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class LandmarkError:
    """One landmark; triples are right of the picture, up, and along the line of sight.

    Attributes:
        sd_m: spread of the error about its mean.
        memory_s: its correlation time.
        follows: its correlation with the error of the landmark it follows (`FOLLOWS`).
        visibility, visibility_sd: what the estimator says of it, mean and spread.
        wobble, wobble_memory_s: relative spread and correlation time of the length of the bone that ends here.
    """

    sd_m: Three
    memory_s: Three
    follows: Three
    visibility: float
    visibility_sd: float
    wobble: float
    wobble_memory_s: float


@dataclass(frozen=True, slots=True)
class Runs:
    """Something that comes over some frames in a row: share of all frames, mean length of a run."""

    share: float
    run_s: float


@dataclass(frozen=True, slots=True)
class Between:
    """A number that differs from one recording to the next: mean and spread."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class PoseError:
    """All of it, for one view.

    Attributes:
        view_deg: camera against the walking direction: 0 in front, 90 on the walker's right, -90 left, 180 behind.
        pitch_deg: how far the camera looks down.
        delay_s: how late the pose follows the picture.
        scale: metres of the estimate per metre.
        depth: stretch of the line of sight beyond that.
        lean_deg: tilt of the body towards the lens, beyond what the pitch makes.
        lean_sd_deg, lean_memory_s: how it sways within a recording.
        constant_m: spread of an error that stays through a recording, over landmarks and recordings.
        landmarks: one for each of `FOLLOWS`.
        visibility_memory_s: correlation time of the visibilities.
        swaps: for each of `SWAPPED` that was seen.
        drops: frames without any pose.
    """

    view_deg: float
    pitch_deg: float
    delay_s: float
    scale: Between
    depth: Between
    lean_deg: Between
    lean_sd_deg: float
    lean_memory_s: float
    constant_m: Three
    landmarks: tuple[LandmarkError, ...]
    visibility_memory_s: float
    swaps: tuple[tuple[str, Runs], ...]
    drops: Runs

    def mirrored(self) -> PoseError:
        """The same from the walker's other side."""
        at = {landmark: i for i, (landmark, _) in enumerate(FOLLOWS)}
        # The right hip is drawn as the left one's opposite, so the left one stands for both.
        other = {j: self.landmarks[at[MIRROR[j]] if MIRROR[j] in at else at[j]] for j, _ in FOLLOWS}
        # One shoulder follows the other, whichever is drawn first.
        for j in (LEFT_SHOULDER, RIGHT_SHOULDER):
            other[j] = replace(other[j], follows=self.landmarks[at[j]].follows)
        return replace(self, view_deg=-self.view_deg, landmarks=tuple(other.values()))
