"""How MediaPipe errs, view by view: what `pose_error` draws from, as measured.

Promises: every figure comes from `python -m tests.bench.mediapipe_error --presets OUT`: six people of the synthetic
camera (walking in place, 640x480, 2.7 m away, eye 1.7 m high, looking down) through the real pose estimator as a home
runs it, against the camera's own truth. Drawn people are not filmed ones: the bench prints one real walker beside
them. Refuses a view that is not finite.

Rows of landmarks are in the order of `FOLLOWS`, in whole numbers: spread (mm) right, up, along the line of sight;
correlation time (ms) of these; correlation (%) with the landmark followed; visibility and its spread (%); bone
wobble (thousandths) and its correlation time (ms).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from edge.gait.pose_error import Between, LandmarkError, PoseError, Runs, Three


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
            scale=Between(0.937, 0.050),
            depth=Between(1.01, 0.06),
            lean_deg=Between(-1.1, 1.8),
            lean_sd_deg=1.7,
            lean_memory_s=0.13,
            constant_m=(0.038, 0.044, 0.073),
            landmarks=_landmarks(
                (8, 5, 4, 407, 1081, 570, 0, 0, 0, 100, 0, 26, 387),  # left_hip
                (16, 8, 20, 362, 221, 272, 0, 0, 0, 100, 0, 17, 134),  # left_shoulder
                (11, 11, 15, 221, 414, 197, -36, 13, 94, 100, 0, 17, 134),  # right_shoulder
                (11, 7, 24, 287, 254, 243, 50, 23, 98, 100, 0, 15, 121),  # head
                (31, 20, 21, 304, 444, 260, -30, 43, 63, 10, 6, 65, 525),  # left_elbow
                (15, 21, 24, 84, 525, 418, 32, 91, 66, 96, 1, 29, 233),  # right_elbow
                (50, 27, 39, 205, 207, 343, 90, -18, 75, 21, 12, 124, 437),  # left_wrist
                (18, 17, 52, 80, 129, 581, 72, 56, 94, 88, 2, 47, 93),  # right_wrist
                (40, 16, 25, 205, 212, 338, 51, -12, 48, 70, 4, 38, 338),  # left_knee
                (35, 19, 18, 243, 211, 294, 69, 55, 47, 97, 1, 41, 198),  # right_knee
                (24, 28, 34, 87, 319, 222, 46, 37, 87, 87, 4, 50, 172),  # left_ankle
                (28, 27, 24, 91, 417, 139, 56, 50, 42, 98, 1, 33, 145),  # right_ankle
                (24, 51, 33, 74, 643, 187, 95, 86, 93, 85, 3, 108, 305),  # left_heel
                (30, 49, 28, 91, 718, 170, 98, 82, 94, 92, 2, 50, 63),  # right_heel
                (35, 36, 40, 112, 339, 231, 17, 19, 97, 90, 2, 180, 388),  # left_toe
                (37, 35, 42, 130, 338, 280, 51, -7, 56, 97, 1, 133, 374),  # right_toe
            ),
            visibility_memory_s=0.20,
            swaps=(),
            drops=Runs(0.0000, 0.000),
        ),
        "oblique": PoseError(
            view_deg=55.0,
            pitch_deg=16.9,
            delay_s=0.000,
            scale=Between(0.934, 0.050),
            depth=Between(1.02, 0.10),
            lean_deg=Between(-3.7, 3.2),
            lean_sd_deg=2.4,
            lean_memory_s=0.15,
            constant_m=(0.031, 0.032, 0.078),
            landmarks=_landmarks(
                (10, 4, 4, 379, 736, 277, 0, 0, 0, 100, 0, 47, 467),  # left_hip
                (11, 11, 25, 364, 418, 297, 0, 0, 0, 100, 0, 21, 131),  # left_shoulder
                (12, 11, 20, 238, 319, 207, -26, 65, 74, 100, 0, 21, 131),  # right_shoulder
                (9, 12, 28, 277, 347, 217, 28, 82, 96, 100, 0, 14, 158),  # head
                (18, 21, 40, 291, 783, 767, 51, -29, 11, 55, 15, 49, 788),  # left_elbow
                (15, 13, 55, 194, 441, 785, 75, 74, 39, 99, 0, 21, 281),  # right_elbow
                (31, 18, 89, 272, 369, 1289, 64, -22, 92, 60, 17, 117, 835),  # left_wrist
                (20, 21, 117, 155, 317, 1183, 72, 84, 97, 96, 1, 76, 290),  # right_wrist
                (35, 20, 36, 245, 193, 78, 65, 25, 1, 77, 9, 57, 414),  # left_knee
                (26, 19, 40, 118, 121, 143, 59, 23, -35, 98, 0, 46, 121),  # right_knee
                (40, 57, 55, 59, 73, 159, 6, 48, 72, 88, 3, 76, 135),  # left_ankle
                (49, 55, 44, 84, 100, 152, 9, 59, 40, 97, 1, 56, 99),  # right_ankle
                (44, 82, 53, 59, 125, 148, 98, 95, 99, 84, 3, 128, 143),  # left_heel
                (53, 65, 49, 81, 122, 168, 99, 87, 99, 85, 4, 59, 65),  # right_heel
                (79, 53, 84, 93, 65, 219, 88, 80, 95, 90, 3, 161, 273),  # left_toe
                (70, 56, 62, 88, 139, 161, 85, 83, 77, 95, 1, 88, 141),  # right_toe
            ),
            visibility_memory_s=0.36,
            swaps=(("below the hips", Runs(0.0060, 0.039)),),
            drops=Runs(0.0000, 0.000),
        ),
        "near frontal": PoseError(
            view_deg=30.0,
            pitch_deg=16.9,
            delay_s=0.010,
            scale=Between(0.952, 0.056),
            depth=Between(0.88, 0.14),
            lean_deg=Between(0.9, 4.1),
            lean_sd_deg=2.4,
            lean_memory_s=0.14,
            constant_m=(0.024, 0.028, 0.090),
            landmarks=_landmarks(
                (4, 6, 6, 419, 1132, 561, 0, 0, 0, 100, 0, 36, 630),  # left_hip
                (8, 12, 34, 313, 564, 348, 0, 0, 0, 100, 0, 21, 164),  # left_shoulder
                (13, 13, 30, 468, 479, 312, 59, 79, 81, 100, 0, 21, 164),  # right_shoulder
                (9, 12, 37, 421, 528, 287, 63, 86, 96, 100, 0, 22, 296),  # head
                (16, 23, 61, 369, 993, 867, 57, 51, 71, 87, 8, 18, 230),  # left_elbow
                (15, 12, 40, 355, 365, 372, 86, 52, -5, 100, 0, 18, 229),  # right_elbow
                (19, 19, 106, 206, 551, 1164, -20, -47, 96, 86, 9, 84, 873),  # left_wrist
                (17, 14, 98, 216, 288, 954, 78, 36, 88, 98, 0, 75, 630),  # right_wrist
                (21, 14, 32, 173, 167, 145, 54, 44, 27, 90, 4, 29, 162),  # left_knee
                (21, 12, 79, 198, 200, 529, 20, 0, 11, 98, 1, 40, 523),  # right_knee
                (21, 45, 45, 116, 80, 167, 7, 27, 62, 87, 6, 77, 329),  # left_ankle
                (31, 31, 55, 200, 163, 272, 44, 68, 82, 94, 2, 41, 102),  # right_ankle
                (25, 59, 44, 132, 118, 145, 98, 85, 98, 82, 6, 131, 328),  # left_heel
                (31, 29, 53, 184, 136, 234, 99, 45, 98, 75, 6, 69, 157),  # right_heel
                (34, 60, 77, 171, 125, 235, 78, 73, 88, 88, 5, 168, 420),  # left_toe
                (28, 44, 61, 121, 394, 243, 68, 84, 80, 92, 3, 60, 135),  # right_toe
            ),
            visibility_memory_s=0.48,
            swaps=(),
            drops=Runs(0.0000, 0.000),
        ),
        "frontal": PoseError(
            view_deg=0.0,
            pitch_deg=16.9,
            delay_s=0.000,
            scale=Between(0.973, 0.059),
            depth=Between(0.77, 0.18),
            lean_deg=Between(3.9, 3.8),
            lean_sd_deg=2.4,
            lean_memory_s=0.14,
            constant_m=(0.023, 0.027, 0.080),
            landmarks=_landmarks(
                (1, 8, 3, 207, 1096, 173, 0, 0, 0, 100, 0, 6, 171),  # left_hip
                (4, 13, 28, 223, 254, 146, 0, 0, 0, 100, 0, 12, 202),  # left_shoulder
                (4, 20, 36, 157, 345, 247, 60, 88, 78, 100, 0, 12, 202),  # right_shoulder
                (6, 15, 34, 259, 257, 163, 85, 93, 86, 100, 0, 27, 171),  # head
                (7, 18, 55, 209, 438, 475, 36, 2, 41, 97, 1, 24, 264),  # left_elbow
                (6, 40, 67, 188, 1054, 688, 48, 75, 90, 97, 1, 41, 441),  # right_elbow
                (16, 24, 101, 411, 432, 957, 40, -37, 93, 91, 2, 42, 218),  # left_wrist
                (18, 14, 106, 455, 223, 1152, 76, 45, 97, 89, 2, 31, 170),  # right_wrist
                (9, 34, 52, 230, 227, 150, -2, 64, 21, 97, 1, 62, 156),  # left_knee
                (20, 17, 57, 585, 371, 409, 57, 71, 14, 98, 0, 33, 419),  # right_knee
                (13, 31, 48, 305, 109, 89, 66, 41, 71, 91, 5, 51, 130),  # left_ankle
                (17, 26, 44, 339, 217, 124, 77, -28, 58, 92, 4, 32, 87),  # right_ankle
                (15, 48, 50, 368, 222, 90, 98, 69, 98, 77, 8, 75, 305),  # left_heel
                (18, 54, 47, 351, 462, 122, 100, 83, 97, 69, 7, 68, 395),  # right_heel
                (18, 50, 58, 345, 326, 117, 86, 54, 63, 92, 4, 108, 431),  # left_toe
                (16, 32, 55, 268, 341, 136, 89, 33, 58, 92, 3, 111, 527),  # right_toe
            ),
            visibility_memory_s=0.35,
            swaps=(),
            drops=Runs(0.0000, 0.000),
        ),
        "oblique from behind": PoseError(
            view_deg=125.0,
            pitch_deg=16.9,
            delay_s=0.000,
            scale=Between(0.953, 0.053),
            depth=Between(0.82, 0.08),
            lean_deg=Between(-1.6, 2.0),
            lean_sd_deg=3.7,
            lean_memory_s=0.22,
            constant_m=(0.047, 0.040, 0.082),
            landmarks=_landmarks(
                (9, 6, 8, 329, 617, 574, 0, 0, 0, 100, 0, 65, 408),  # left_hip
                (17, 8, 27, 352, 341, 201, 0, 0, 0, 100, 0, 50, 331),  # left_shoulder
                (15, 10, 24, 292, 404, 243, -52, 18, 17, 100, 0, 50, 331),  # right_shoulder
                (11, 9, 39, 239, 596, 269, 32, 42, 44, 100, 0, 26, 337),  # head
                (40, 24, 35, 382, 224, 235, 52, 80, 78, 26, 14, 81, 304),  # left_elbow
                (25, 18, 27, 195, 413, 262, 60, 81, -4, 95, 2, 39, 242),  # right_elbow
                (75, 74, 50, 627, 327, 126, 85, 84, 86, 15, 8, 100, 161),  # left_wrist
                (28, 37, 58, 204, 240, 227, 62, -6, 94, 72, 4, 80, 132),  # right_wrist
                (51, 24, 52, 387, 89, 420, 58, 21, 16, 77, 8, 44, 97),  # left_knee
                (32, 17, 34, 216, 135, 368, 57, 38, 61, 97, 1, 49, 208),  # right_knee
                (35, 59, 43, 109, 297, 240, 75, 68, 51, 88, 4, 34, 89),  # left_ankle
                (28, 26, 31, 86, 287, 141, 52, 31, -33, 97, 1, 30, 126),  # right_ankle
                (37, 83, 46, 100, 457, 249, 98, 96, 95, 87, 4, 118, 455),  # left_heel
                (30, 51, 42, 83, 671, 212, 97, 87, 97, 91, 2, 50, 56),  # right_heel
                (38, 48, 63, 100, 162, 357, 47, 40, 92, 85, 3, 262, 581),  # left_toe
                (32, 35, 53, 92, 284, 253, 39, -16, 86, 93, 1, 117, 130),  # right_toe
            ),
            visibility_memory_s=0.25,
            swaps=(("below the hips", Runs(0.0014, 0.033)),),
            drops=Runs(0.0000, 0.000),
        ),
        "back": PoseError(
            view_deg=180.0,
            pitch_deg=16.9,
            delay_s=0.010,
            scale=Between(0.961, 0.055),
            depth=Between(0.49, 0.09),
            lean_deg=Between(9.3, 3.6),
            lean_sd_deg=3.3,
            lean_memory_s=0.18,
            constant_m=(0.025, 0.031, 0.054),
            landmarks=_landmarks(
                (7, 8, 7, 791, 1211, 302, 0, 0, 0, 100, 0, 95, 793),  # left_hip
                (13, 9, 24, 549, 347, 180, 0, 0, 0, 100, 0, 76, 945),  # left_shoulder
                (15, 12, 23, 798, 330, 138, -72, 84, 49, 100, 0, 76, 945),  # right_shoulder
                (6, 16, 27, 294, 646, 100, 72, 89, 58, 100, 0, 32, 267),  # head
                (16, 15, 36, 186, 178, 266, 2, 51, 74, 88, 6, 55, 380),  # left_elbow
                (29, 20, 24, 849, 444, 157, 96, 82, 66, 86, 6, 38, 304),  # right_elbow
                (26, 48, 60, 406, 159, 227, -10, 48, 97, 36, 14, 74, 111),  # left_wrist
                (17, 36, 51, 256, 160, 190, -61, 72, 57, 33, 10, 77, 185),  # right_wrist
                (13, 33, 50, 438, 337, 448, -80, 54, 59, 96, 2, 71, 606),  # left_knee
                (23, 32, 35, 665, 308, 444, 85, 17, 68, 92, 6, 64, 497),  # right_knee
                (13, 71, 39, 197, 757, 261, 22, 79, 47, 96, 2, 44, 202),  # left_ankle
                (9, 66, 40, 177, 647, 220, -30, 65, 29, 92, 5, 51, 182),  # right_ankle
                (14, 99, 43, 220, 876, 290, 98, 98, 93, 96, 1, 43, 191),  # left_heel
                (9, 96, 48, 135, 815, 257, 92, 98, 95, 92, 5, 62, 333),  # right_heel
                (17, 32, 55, 312, 187, 379, 79, 19, 93, 83, 4, 269, 129),  # left_toe
                (17, 35, 62, 317, 197, 328, 0, 20, 93, 77, 5, 208, 92),  # right_toe
            ),
            visibility_memory_s=0.41,
            swaps=(),
            drops=Runs(0.0000, 0.000),
        ),
    }
)
