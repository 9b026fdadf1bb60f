"""BVH files: kinematics against hand-made and other libraries' numbers; spoiled files refused."""

from pathlib import Path

import numpy as np
import pytest

from trainer.bvh import read_bvh_file

# An arm of 2 and a hand of 1 along x; the hand has position channels of its own.
ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 9 9 9
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT studio:Arm
  {
    OFFSET 2 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT Hand
    {
      OFFSET 1 0 0
      CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
      End Site
      {
        OFFSET 0 0 5
      }
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.02
0 0 0  0 0 0  0 0 0  1 0 0  0 0 0
1 2 3  90 0 90  0 0 0  0 4 0  0 90 0
"""


def written(folder: Path, text: str) -> Path:
    (folder / "walk.bvh").write_text(text)
    return folder / "walk.bvh"


def test_rotations_are_intrinsic_and_positions_replace_offsets(tmp_path: Path) -> None:
    bvh = read_bvh_file(written(tmp_path, ARM))
    at = bvh.positions()
    assert bvh.rate_hz == pytest.approx(50.0)
    np.testing.assert_allclose(at["Hand"][0], [3, 0, 0], atol=1e-12)
    np.testing.assert_allclose(at["Hand_end"][0], [3, 0, 5], atol=1e-12)
    np.testing.assert_allclose(at["Hips"][1], [1, 2, 3], atol=1e-12)
    # Z by 90, then Y by 90 about the turned axis: local x becomes -z, local y -x, local z y.
    np.testing.assert_allclose(at["Arm"][1], [1, 2, 1], atol=1e-12)
    np.testing.assert_allclose(at["Hand"][1], [-3, 2, 1], atol=1e-12)
    np.testing.assert_allclose(at["Hand_end"][1], [2, 2, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda text: "", "not a BVH"),
        (lambda text: text[:200], "not a BVH file, or cut short"),
        (lambda text: text[: text.index("Frame Time")], "Frame Time"),
        (lambda text: text[: text.rindex("1 2 3")], "15 of 30"),
        (lambda text: text[:-4], "29 of 30"),
        (lambda text: text + "7\n", "31 of 30"),
        (lambda text: text.replace("4 0  0 90", "nan 0  0 90"), "finite"),
        (lambda text: text.replace("4 0  0 90", "four 0  0 90"), "no number"),
        (lambda text: text.replace("Frames: 2", "Frames: two"), "Frames:"),
        (lambda text: text.replace("0.02", "0"), "2 frames of 0.0 s"),
        (lambda text: text.replace("Zrotation Xrotation Yrotation\n    JOINT", "Zrotation\n    JOINT"), "channels"),
        (lambda text: text.replace("Zrotation Xrotation Yrotation\n    JOINT", "Zspin X Y\n    JOINT"), "channels"),
        (lambda text: text.replace("}\nMOTION", "MOTION"), "braces"),
        (lambda text: text.replace("OFFSET 2 0 0", "OFFSET two"), "OFFSET two"),
    ],
)
def test_what_is_spoiled_is_refused_with_the_reason(tmp_path: Path, spoil, word: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=word):
        read_bvh_file(written(tmp_path, spoil(ARM)))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "walk.bvh"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="no text"):
        read_bvh_file(path)


def test_other_libraries_say_the_same_of_real_files(data: Path) -> None:
    """Bandai Namco: bvhio 1.5.4, frame 100. CMU: pybvh 0.9.0, frame 100."""
    bandai = read_bvh_file(data / "bandai_namco/dataset-2/dataset-2_walk_active_001.bvh").positions()
    np.testing.assert_allclose(bandai["Foot_L"][100], [3.40, 16.60, -10.48], atol=0.006)
    np.testing.assert_allclose(bandai["Hand_R"][100], [-5.85, 126.07, 5.34], atol=0.006)
    cmu = read_bvh_file(data / "cmu_bvh/data/02/02_01.bvh").positions()
    np.testing.assert_allclose(cmu["RightHand"][100], [6.0092, 13.5037, -13.6303], atol=1e-4)
    np.testing.assert_allclose(cmu["LeftToeBase_end"][100], [11.0944, 1.0394, -16.0901], atol=1e-4)
