"""How MediaPipe errs, view by view: what `pose_error` draws from, as measured.

Promises: every figure comes from `python -m tests.bench.mediapipe_error --presets OUT`: six people of the synthetic
camera (walking in place, 640x480, 2.7 m away, eye 1.7 m high, looking down) through the real pose estimator as a home
runs it, against the camera's own truth. Drawn people are not filmed ones: the bench prints one real walker beside
them, and `filmed` adds what only that showed. Refuses a view that is not finite.

Rows of landmarks are in the order of `FOLLOWS`, in whole numbers: spread (mm) right, up, along the line of sight;
correlation time (ms) of these; correlation (%) with the landmark followed; visibility and its spread (%); bone
wobble (thousandths) and its correlation time (ms).
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edge.gait.pose_error_sizes import FEET_IN_PICTURE, Between, LandmarkError, PoseError, Runs, Three


def preset(view_deg: float) -> PoseError:
    """The measured view nearest to this one, mirrored where the camera is on the walker's left.

    Raises:
        ValueError: not a finite number.
    """
    if not np.isfinite(view_deg):
        raise ValueError(f"found a view of {view_deg} degrees, wanted a finite number")
    turned = (view_deg + 180) % 360 - 180
    found = min(PRESETS.values(), key=lambda error: abs(error.view_deg - abs(turned)))
    return found if turned >= 0 else found.mirrored()


def filmed(error: PoseError) -> PoseError:
    """With what the real video showed: feet exchanged in the picture for a frame, poses lost."""
    return replace(error, swaps=((FEET_IN_PICTURE, Runs(0.015, 0.033)),), drops=Runs(0.022, 0.100))


def _landmarks(*rows: tuple[int, ...]) -> tuple[LandmarkError, ...]:
    return tuple(
        LandmarkError(
            sd_m=_three(row[0:3], 1e3),
            memory_s=_three(row[3:6], 1e3),
            follows=_three(row[6:9], 1e2),
            visibility=row[9] / 1e2,
            visibility_sd=row[10] / 1e2,
            wobble=row[11] / 1e3,
            wobble_memory_s=row[12] / 1e3,
        )
        for row in rows
    )


def _three(row: tuple[int, ...], parts: float) -> Three:
    return row[0] / parts, row[1] / parts, row[2] / parts


PRESETS: Mapping[str, PoseError] = MappingProxyType(
    {
        "side": PoseError(
            view_deg=90.0,
            pitch_deg=16.9,
            delay_s=0.010,
            scale=Between(0.937, 0.051),
            depth=Between(1.01, 0.05),
            lean_deg=Between(-1.1, 1.7),
            lean_sd_deg=1.7,
            lean_memory_s=0.13,
            constant_m=(0.038, 0.044, 0.073),
            landmarks=_landmarks(
                (8, 5, 4, 399, 1123, 634, 0, 0, 0, 100, 0, 26, 410),  # left_hip
                (16, 8, 20, 368, 228, 280, 0, 0, 0, 100, 0, 17, 147),  # left_shoulder
                (10, 11, 15, 211, 405, 205, -36, 13, 95, 100, 0, 17, 147),  # right_shoulder
                (11, 7, 24, 288, 262, 248, 49, 22, 98, 100, 0, 15, 125),  # head
                (31, 20, 22, 313, 449, 270, -31, 44, 63, 10, 6, 65, 540),  # left_elbow
                (15, 21, 24, 83, 505, 431, 32, 91, 67, 96, 1, 28, 220),  # right_elbow
                (50, 27, 39, 219, 221, 340, 90, -18, 75, 21, 12, 126, 423),  # left_wrist
                (18, 17, 52, 81, 130, 585, 72, 55, 94, 88, 2, 47, 96),  # right_wrist
                (41, 16, 25, 206, 212, 339, 49, -11, 47, 70, 4, 38, 323),  # left_knee
                (35, 19, 17, 236, 205, 285, 68, 55, 46, 97, 1, 40, 188),  # right_knee
                (24, 28, 34, 85, 313, 220, 47, 37, 87, 87, 4, 50, 167),  # left_ankle
                (27, 27, 24, 92, 410, 137, 55, 51, 41, 98, 1, 33, 140),  # right_ankle
                (24, 51, 33, 71, 615, 187, 95, 86, 93, 85, 4, 107, 286),  # left_heel
                (30, 49, 28, 93, 708, 170, 98, 82, 94, 92, 2, 51, 62),  # right_heel
                (35, 36, 40, 105, 334, 230, 16, 18, 98, 90, 3, 180, 369),  # left_toe
                (37, 35, 42, 134, 340, 272, 52, -5, 56, 97, 1, 133, 360),  # right_toe
            ),
            visibility_memory_s=0.23,
            swaps=(("feet, in the picture", Runs(0.0007, 0.033)),),
            drops=Runs(0.0000, 0.000),
        ),
        "oblique": PoseError(
            view_deg=55.0,
            pitch_deg=16.9,
            delay_s=0.005,
            scale=Between(0.935, 0.050),
            depth=Between(1.02, 0.10),
            lean_deg=Between(-3.7, 3.2),
            lean_sd_deg=2.4,
            lean_memory_s=0.15,
            constant_m=(0.029, 0.028, 0.078),
            landmarks=_landmarks(
                (10, 5, 4, 380, 724, 279, 0, 0, 0, 100, 0, 46, 469),  # left_hip
                (11, 11, 25, 359, 415, 304, 0, 0, 0, 100, 0, 21, 128),  # left_shoulder
                (11, 11, 20, 228, 318, 217, -23, 66, 75, 100, 0, 21, 128),  # right_shoulder
                (9, 12, 29, 252, 343, 230, 27, 83, 96, 100, 0, 14, 158),  # head
                (17, 21, 39, 263, 717, 737, 49, -28, 11, 55, 15, 49, 751),  # left_elbow
                (14, 13, 55, 172, 426, 736, 72, 76, 39, 99, 0, 21, 272),  # right_elbow
                (30, 18, 88, 255, 369, 1177, 61, -22, 92, 61, 17, 116, 779),  # left_wrist
                (18, 21, 116, 125, 300, 1053, 68, 85, 97, 96, 1, 77, 286),  # right_wrist
                (34, 19, 35, 232, 186, 81, 64, 29, 4, 77, 9, 56, 395),  # left_knee
                (24, 19, 40, 111, 118, 142, 57, 25, -34, 98, 0, 46, 114),  # right_knee
                (26, 31, 55, 42, 35, 165, 17, 22, 73, 88, 3, 110, 133),  # left_ankle
                (35, 35, 44, 74, 61, 156, 16, 9, 38, 97, 1, 87, 48),  # right_ankle
                (26, 48, 53, 38, 83, 151, 96, 77, 99, 84, 3, 129, 183),  # left_heel
                (35, 39, 49, 68, 72, 171, 98, 66, 99, 85, 4, 58, 50),  # right_heel
                (47, 39, 85, 86, 84, 230, 72, 61, 96, 90, 3, 161, 249),  # left_toe
                (42, 47, 62, 67, 192, 171, 63, 78, 78, 95, 1, 88, 140),  # right_toe
            ),
            visibility_memory_s=0.36,
            swaps=(
                ("below the hips", Runs(0.0049, 0.033)),
                ("feet, in the picture", Runs(0.0507, 0.066)),
            ),
            drops=Runs(0.0000, 0.000),
        ),
        "near frontal": PoseError(
            view_deg=30.0,
            pitch_deg=16.9,
            delay_s=0.010,
            scale=Between(0.952, 0.056),
            depth=Between(0.88, 0.15),
            lean_deg=Between(0.8, 4.0),
            lean_sd_deg=2.4,
            lean_memory_s=0.14,
            constant_m=(0.024, 0.027, 0.090),
            landmarks=_landmarks(
                (4, 6, 6, 357, 1133, 532, 0, 0, 0, 100, 0, 36, 584),  # left_hip
                (8, 12, 34, 285, 513, 339, 0, 0, 0, 100, 0, 21, 158),  # left_shoulder
                (13, 13, 29, 436, 442, 301, 59, 79, 81, 100, 0, 21, 158),  # right_shoulder
                (9, 12, 37, 402, 493, 280, 62, 86, 96, 100, 0, 22, 287),  # head
                (15, 23, 61, 362, 873, 822, 57, 51, 71, 87, 8, 18, 224),  # left_elbow
                (15, 12, 40, 344, 330, 354, 86, 52, -6, 100, 0, 18, 220),  # right_elbow
                (19, 18, 106, 197, 515, 1070, -20, -47, 96, 86, 9, 85, 811),  # left_wrist
                (17, 14, 98, 199, 283, 858, 78, 34, 89, 98, 0, 75, 571),  # right_wrist
                (21, 14, 32, 172, 169, 145, 52, 44, 26, 90, 5, 29, 162),  # left_knee
                (21, 12, 79, 194, 184, 510, 20, 0, 9, 98, 1, 40, 473),  # right_knee
                (21, 41, 45, 111, 77, 169, 9, 23, 61, 88, 6, 80, 265),  # left_ankle
                (30, 29, 54, 201, 169, 273, 44, 63, 82, 94, 3, 43, 76),  # right_ankle
                (25, 54, 44, 128, 114, 149, 98, 82, 98, 82, 6, 133, 325),  # left_heel
                (30, 27, 53, 191, 135, 236, 99, 37, 98, 75, 7, 68, 159),  # right_heel
                (32, 58, 76, 158, 135, 241, 76, 72, 88, 88, 6, 168, 415),  # left_toe
                (26, 43, 61, 116, 414, 248, 64, 84, 80, 92, 3, 61, 136),  # right_toe
            ),
            visibility_memory_s=0.39,
            swaps=(("feet, in the picture", Runs(0.0063, 0.050)),),
            drops=Runs(0.0000, 0.000),
        ),
        "frontal": PoseError(
            view_deg=0.0,
            pitch_deg=16.9,
            delay_s=0.000,
            scale=Between(0.973, 0.059),
            depth=Between(0.77, 0.18),
            lean_deg=Between(3.9, 3.8),
            lean_sd_deg=2.3,
            lean_memory_s=0.15,
            constant_m=(0.023, 0.027, 0.080),
            landmarks=_landmarks(
                (1, 8, 3, 214, 1089, 175, 0, 0, 0, 100, 0, 6, 185),  # left_hip
                (4, 13, 28, 211, 256, 156, 0, 0, 0, 100, 0, 12, 195),  # left_shoulder
                (4, 20, 36, 154, 343, 252, 60, 88, 78, 100, 0, 12, 195),  # right_shoulder
                (6, 15, 34, 250, 268, 171, 84, 94, 86, 100, 0, 26, 153),  # head
                (7, 18, 55, 206, 439, 495, 34, 1, 42, 97, 1, 24, 260),  # left_elbow
                (6, 39, 66, 175, 996, 659, 47, 75, 90, 97, 1, 40, 450),  # right_elbow
                (16, 23, 100, 404, 421, 939, 41, -39, 93, 91, 2, 41, 212),  # left_wrist
                (18, 14, 106, 426, 219, 1052, 75, 43, 97, 89, 2, 32, 177),  # right_wrist
                (9, 32, 52, 219, 227, 155, -1, 64, 21, 97, 1, 58, 157),  # left_knee
                (20, 17, 58, 564, 363, 411, 57, 70, 14, 98, 0, 32, 407),  # right_knee
                (13, 30, 47, 312, 108, 96, 65, 38, 70, 91, 6, 50, 145),  # left_ankle
                (17, 26, 43, 334, 224, 127, 77, -29, 58, 92, 4, 32, 85),  # right_ankle
                (15, 48, 49, 374, 226, 98, 98, 69, 98, 77, 9, 75, 309),  # left_heel
                (18, 54, 46, 347, 477, 124, 100, 84, 97, 69, 8, 67, 366),  # right_heel
                (18, 49, 57, 350, 317, 127, 86, 51, 61, 92, 5, 107, 430),  # left_toe
                (16, 32, 55, 293, 331, 138, 90, 33, 58, 92, 3, 110, 496),  # right_toe
            ),
            visibility_memory_s=0.33,
            swaps=(),
            drops=Runs(0.0000, 0.000),
        ),
        "oblique from behind": PoseError(
            view_deg=125.0,
            pitch_deg=16.9,
            delay_s=0.000,
            scale=Between(0.954, 0.053),
            depth=Between(0.82, 0.08),
            lean_deg=Between(-1.6, 2.1),
            lean_sd_deg=3.6,
            lean_memory_s=0.23,
            constant_m=(0.047, 0.040, 0.082),
            landmarks=_landmarks(
                (9, 6, 8, 334, 682, 582, 0, 0, 0, 100, 0, 64, 392),  # left_hip
                (16, 8, 27, 345, 345, 210, 0, 0, 0, 100, 0, 50, 326),  # left_shoulder
                (15, 10, 24, 285, 431, 253, -49, 21, 16, 100, 0, 50, 326),  # right_shoulder
                (11, 9, 39, 245, 612, 283, 32, 44, 43, 100, 0, 26, 338),  # head
                (40, 23, 35, 381, 237, 233, 52, 81, 78, 26, 14, 79, 311),  # left_elbow
                (24, 18, 27, 199, 435, 266, 60, 80, -4, 95, 2, 38, 261),  # right_elbow
                (75, 74, 50, 598, 343, 124, 86, 84, 86, 15, 8, 101, 159),  # left_wrist
                (28, 37, 58, 203, 237, 229, 61, -7, 94, 72, 4, 80, 137),  # right_wrist
                (51, 24, 51, 389, 88, 436, 58, 22, 15, 77, 8, 44, 92),  # left_knee
                (32, 17, 34, 217, 150, 389, 56, 38, 61, 97, 1, 50, 247),  # right_knee
                (35, 59, 43, 119, 292, 242, 75, 68, 51, 88, 4, 34, 81),  # left_ankle
                (28, 25, 31, 87, 282, 146, 52, 30, -33, 97, 1, 30, 124),  # right_ankle
                (36, 83, 46, 109, 442, 252, 98, 96, 95, 86, 4, 118, 430),  # left_heel
                (30, 50, 42, 85, 671, 217, 97, 87, 97, 91, 2, 54, 61),  # right_heel
                (38, 48, 63, 106, 164, 370, 47, 40, 93, 85, 3, 262, 569),  # left_toe
                (33, 35, 53, 97, 287, 259, 42, -16, 86, 93, 1, 109, 156),  # right_toe
            ),
            visibility_memory_s=0.34,
            swaps=(
                ("below the hips", Runs(0.0007, 0.033)),
                ("feet, in the picture", Runs(0.0007, 0.033)),
            ),
            drops=Runs(0.0000, 0.000),
        ),
        "back": PoseError(
            view_deg=180.0,
            pitch_deg=16.9,
            delay_s=0.010,
            scale=Between(0.961, 0.055),
            depth=Between(0.49, 0.09),
            lean_deg=Between(9.3, 3.6),
            lean_sd_deg=3.4,
            lean_memory_s=0.18,
            constant_m=(0.025, 0.031, 0.054),
            landmarks=_landmarks(
                (7, 8, 7, 739, 1077, 310, 0, 0, 0, 100, 0, 95, 739),  # left_hip
                (13, 10, 24, 537, 345, 175, 0, 0, 0, 100, 0, 75, 872),  # left_shoulder
                (15, 12, 23, 725, 330, 133, -72, 84, 49, 100, 0, 75, 872),  # right_shoulder
                (6, 16, 26, 300, 609, 95, 72, 89, 59, 100, 0, 33, 251),  # head
                (16, 14, 37, 190, 175, 258, 0, 53, 74, 88, 6, 55, 366),  # left_elbow
                (29, 20, 24, 790, 410, 159, 96, 81, 64, 86, 6, 38, 304),  # right_elbow
                (26, 47, 61, 379, 143, 228, -12, 46, 97, 36, 14, 74, 114),  # left_wrist
                (17, 37, 51, 242, 157, 187, -60, 71, 56, 33, 11, 78, 181),  # right_wrist
                (13, 33, 49, 406, 327, 427, -79, 53, 58, 96, 2, 71, 568),  # left_knee
                (23, 32, 34, 624, 307, 419, 85, 16, 67, 92, 6, 64, 467),  # right_knee
                (13, 71, 39, 190, 712, 255, 19, 79, 46, 96, 2, 44, 203),  # left_ankle
                (9, 66, 40, 167, 603, 209, -28, 65, 29, 92, 5, 51, 190),  # right_ankle
                (14, 99, 43, 212, 824, 286, 98, 98, 93, 96, 1, 43, 192),  # left_heel
                (9, 96, 48, 129, 785, 247, 92, 98, 95, 92, 5, 61, 319),  # right_heel
                (17, 32, 55, 292, 183, 371, 79, 18, 93, 83, 4, 264, 126),  # left_toe
                (18, 36, 62, 308, 185, 313, 2, 23, 93, 77, 5, 207, 95),  # right_toe
            ),
            visibility_memory_s=0.48,
            swaps=(),
            drops=Runs(0.0000, 0.000),
        ),
    }
)
