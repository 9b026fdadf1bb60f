"""Folders of long recordings, each format written here from one walker, and the real sets where they are."""

from pathlib import Path

import numpy as np
import pytest

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import BONES, LANDMARKS, MIRROR
from edge.gait.walker import Walker, skeletons
from edge.recording import write_recording
from trainer.cycles import UNLABELLED, Cycles
from trainer.readers import read_all, read_cycles

RATE_HZ = 60.0
T_S = np.arange(0, 7, 1 / RATE_HZ)
WALK_TJC = skeletons(Walker(1, "happy", path="straight"), T_S)
MPI17 = (3, 2, 7, 8, 9, 4, 5, 6, 13, 14, 15, 10, 11, 12, 0, 1, 3)  # our landmark of each of theirs
PLUG_IN = {
    "FHD": "head", "BHD": "head", "SHO": "shoulder", "ELB": "elbow", "WRA": "wrist", "WRB": "wrist",
    "KNE": "knee", "ANK": "ankle", "HEE": "heel", "TOE": "toe",
}  # fmt: skip


def as_recording(folder: Path, name: str, x_TJC: np.ndarray = WALK_TJC) -> None:
    write_recording(folder / f"{name}.npz", T_S[: len(x_TJC)], x_TJC, np.ones(x_TJC.shape[:2]))


def as_mpi17(folder: Path, name: str, x_TJC: np.ndarray = WALK_TJC) -> None:
    np.save(folder / f"{name}.npy", (1000.0 * x_TJC[:, MPI17] * [1, -1, -1]).astype(np.float32))


def as_bvh(folder: Path, name: str, x_TJC: np.ndarray = WALK_TJC) -> None:
    """Every joint with position channels that replace its offset, z up, in inches."""
    parent, sides = dict(BONES), {"left": "Left", "right": "Right"}
    limbs = {"shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand", "hip": "UpLeg", "knee": "Leg", "ankle": "Foot",
             "heel": "Heel", "toe": "ToeBase", "root": "Hips"}  # fmt: skip
    names = [sides.get(n.partition("_")[0], "") + limbs.get(n.rpartition("_")[2], n.capitalize()) for n in LANDMARKS]
    x_TJC = x_TJC[..., [2, 0, 1]] / 0.0254
    order: list[int] = []

    def block(at: int) -> str:
        order.append(at)
        word = "JOINT" if at in parent else "ROOT"
        inner = "".join(block(child) for child, above in BONES if above == at) or "End Site\n{\nOFFSET 0 0 0\n}\n"
        return f"{word} {names[at]}\n{{\nOFFSET 1 2 3\nCHANNELS 3 Xposition Yposition Zposition\n{inner}}}\n"

    hierarchy = block(0)
    steps = [x_TJC[:, at] - (x_TJC[:, parent[at]] if at in parent else 0.0) for at in order]
    rows = "\n".join(" ".join(f"{value:.5f}" for value in row) for row in np.concatenate(steps, axis=1))
    head = f"HIERARCHY\n{hierarchy}MOTION\nFrames: {len(x_TJC)}\nFrame Time: {1 / RATE_HZ:.7f}\n"
    (folder / f"{name}.bvh").write_text(head + rows + "\n")


def pelvis(x_TJC: np.ndarray) -> dict[str, np.ndarray]:
    """The spines of a pelvis whose hip joints are the walker's (Bell et al. 1990), and is level."""
    left_TC, right_TC = x_TJC[:, LANDMARKS.index("left_hip")], x_TJC[:, LANDMARKS.index("right_hip")]
    across_TC = (left_TC - right_TC) / 0.72
    width_T1 = np.linalg.norm(across_TC, axis=1, keepdims=True)
    ahead_TC = np.cross(across_TC / width_T1, [0.0, 1.0, 0.0])
    ahead_TC /= np.linalg.norm(ahead_TC, axis=1, keepdims=True)
    up_TC = np.cross(ahead_TC, across_TC / width_T1)
    middle_TC = 0.5 * (left_TC + right_TC) + width_T1 * (0.19 * ahead_TC + 0.30 * up_TC)
    back_TC = middle_TC - 0.7 * width_T1 * ahead_TC
    return {
        "LASI": middle_TC + 0.5 * across_TC,
        "RASI": middle_TC - 0.5 * across_TC,
        "LPSI": back_TC + 0.2 * across_TC,
        "RPSI": back_TC - 0.2 * across_TC,
    }


def as_c3d(folder: Path, name: str, x_TJC: np.ndarray = WALK_TJC) -> None:
    """Plug-in Gait markers, z up, millimetres."""
    ezc3d = pytest.importorskip("ezc3d")
    markers = {
        letter + marker: x_TJC[:, LANDMARKS.index(part if part == "head" else f"{side}_{part}")]
        for letter, side in (("L", "left"), ("R", "right"))
        for marker, part in PLUG_IN.items()
    }
    markers |= pelvis(x_TJC)
    file = ezc3d.c3d()
    points = np.stack(list(markers.values()))[..., [2, 0, 1]].transpose(2, 0, 1) * 1000.0
    file["parameters"]["POINT"]["RATE"]["value"] = [RATE_HZ]
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    file["parameters"]["POINT"]["LABELS"]["value"] = tuple(markers)
    file["data"]["points"] = np.concatenate([points, np.ones((1, *points.shape[1:]))])
    file.write(str(folder / f"{name}.c3d"))


FORMATS = {"recording": as_recording, "mpi17": as_mpi17, "bvh": as_bvh, "c3d": as_c3d}
SUFFIX = {"recording": "npz", "mpi17": "npy", "bvh": "bvh", "c3d": "c3d"}
each_format = pytest.mark.parametrize("kind", FORMATS)


def spec(kind: str, folder: Path, options: str = "") -> str:
    given = "&".join(part for part in ("rate=60" if kind == "mpi17" else "", options) if part)
    return f"{kind}:{folder}" + (f"?{given}" if given else "")


def direct(folder: Path) -> Cycles:
    """The same walk as a Quietstep recording."""
    (folder / "direct").mkdir()
    as_recording(folder / "direct", "walk")
    return read_cycles(f"recording:{folder / 'direct'}").cycles


@each_format
def test_every_format_gives_the_cycles_of_the_same_walk(tmp_path: Path, kind: str) -> None:
    expected = direct(tmp_path)
    (tmp_path / "data").mkdir()
    FORMATS[kind](tmp_path / "data", "walk")
    reading = read_cycles(spec(kind, tmp_path / "data"))
    assert len(reading.cycles) == len(expected) >= 4
    np.testing.assert_allclose(reading.cycles.duration_s_N, expected.duration_s_N, atol=0.02)
    body = [at for at in range(16) if at != 3]  # each source puts the head elsewhere
    np.testing.assert_allclose(reading.cycles.x_NTJC[:, :, body], expected.x_NTJC[:, :, body], atol=0.02)
    assert reading.looked[0].rate_hz == pytest.approx(RATE_HZ, rel=1e-3)
    assert set(reading.cycles.recording_N) == {f"walk.{SUFFIX[kind]}"}


@each_format
def test_without_labels_people_are_numbered_and_the_note_says_so(tmp_path: Path, kind: str) -> None:
    FORMATS[kind](tmp_path, "one")
    FORMATS[kind](tmp_path, "two")
    reading = read_cycles(spec(kind, tmp_path))
    assert set(reading.cycles.subject_N) == {"unknown-0001", "unknown-0002"}
    assert set(reading.cycles.acted_N) == {UNLABELLED}
    assert "subject of 2 recordings is not known" in reading.notes[0]


@each_format
def test_a_pattern_tells_who_and_how(tmp_path: Path, kind: str) -> None:
    FORMATS[kind](tmp_path, "ann_normal_1")
    FORMATS[kind](tmp_path, "ben_sad_1")
    FORMATS[kind](tmp_path, "ben_proud_1")
    FORMATS[kind](tmp_path, "notes")
    pattern = f"pattern={{subject}}_{{affect}}_{{take}}.{SUFFIX[kind]}"
    reading = read_cycles(spec(kind, tmp_path, f"{pattern}&neutral=normal,calm&source=studio"))
    labels = set(zip(reading.cycles.subject_N, reading.cycles.acted_N, strict=True))
    assert labels == {("ann", CLASSES.index("neutral")), ("ben", CLASSES.index("sad"))}
    assert set(reading.cycles.source_N) == {"studio"}
    reasons = {refused.key: refused.reason for refused in reading.refused}
    assert "'proud'" in reasons[f"ben_proud_1.{SUFFIX[kind]}"]
    assert "does not fit" in reasons[f"notes.{SUFFIX[kind]}"]
    kept = read_cycles(spec(kind, tmp_path, f"{pattern}&neutral=normal&other=unlabelled")).cycles
    assert UNLABELLED in kept.acted_N


@each_format
def test_an_index_tells_who_and_how_and_misses_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "day").mkdir()
    FORMATS[kind](tmp_path / "day", "walk")
    FORMATS[kind](tmp_path, "spare")
    end = SUFFIX[kind]
    rows = f"file,subject,acted_emotion,perceived_emotion,recording\nday/walk.{end},ann,angry,happy,morning\n"
    (tmp_path / "index.csv").write_text(f"{rows}gone.{end},ben,sad,,\n")
    reading = read_cycles(spec(kind, tmp_path))
    assert set(reading.cycles.subject_N) == {"ann"}
    assert set(reading.cycles.recording_N) == {"morning"}
    assert {CLASSES[reading.cycles.acted_N[0]], CLASSES[reading.cycles.perceived_N[0]]} == {"angry", "happy"}
    reasons = {refused.key: refused.reason for refused in reading.refused}
    assert reasons == {f"gone.{end}": "named in index.csv, but not there", f"spare.{end}": "not named in index.csv"}


@each_format
def test_a_file_cut_short_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    FORMATS[kind](tmp_path, "whole")
    payload = (tmp_path / f"whole.{SUFFIX[kind]}").read_bytes()
    (tmp_path / f"half.{SUFFIX[kind]}").write_bytes(payload[: len(payload) // 2])
    (tmp_path / f"tip.{SUFFIX[kind]}").write_bytes(payload[:10])
    (tmp_path / f"empty.{SUFFIX[kind]}").write_bytes(b"")
    reading = read_cycles(spec(kind, tmp_path))
    assert {refused.key.split(".")[0] for refused in reading.refused} == {"half", "tip", "empty"}
    assert all(refused.reason for refused in reading.refused)


@each_format
def test_no_spoiled_byte_gets_past_the_door_unnamed(tmp_path: Path, kind: str) -> None:
    """Every file is either read or refused by name, whatever is in it."""
    FORMATS[kind](tmp_path, "whole", WALK_TJC[:180])
    payload, rng = (tmp_path / f"whole.{SUFFIX[kind]}").read_bytes(), np.random.default_rng(0)
    for number in range(16):
        spoiled = bytearray(payload)
        spoiled[int(rng.integers(min(len(payload), 2000)))] = int(rng.integers(256))
        (tmp_path / f"{number}.{SUFFIX[kind]}").write_bytes(spoiled)
    reading = read_cycles(spec(kind, tmp_path))
    whole_or_not = [looked.key for looked in reading.looked] + [r.key for r in reading.refused if r.what == "recording"]
    assert len(whole_or_not) == len(set(whole_or_not)) == 17
    assert np.isfinite(reading.cycles.x_NTJC).all()


@each_format
def test_standing_is_no_walk(tmp_path: Path, kind: str) -> None:
    FORMATS[kind](tmp_path, "stands", np.repeat(WALK_TJC[:1], 200, axis=0))
    reading = read_all(spec(kind, tmp_path))
    assert len(reading.cycles) == 0
    assert "no gait cycle in 3.3 s" in reading.refused[0].reason
    with pytest.raises(TrainingError, match=r"no usable cycle.*no gait cycle"):
        read_cycles(spec(kind, tmp_path))


@each_format
def test_mirrored_coordinates_are_refused_cycle_by_cycle(tmp_path: Path, kind: str) -> None:
    exchanged = WALK_TJC[:, list(MIRROR)]
    FORMATS[kind](tmp_path, "walk", exchanged)
    reading = read_all(spec(kind, tmp_path))
    assert len(reading.cycles) == 0
    assert all("knees" in refused.reason for refused in reading.refused if refused.what == "cycle")
    assert any(refused.what == "cycle" for refused in reading.refused)


@each_format
def test_no_folder_and_no_file_are_errors(tmp_path: Path, kind: str) -> None:
    with pytest.raises(TrainingError, match="no folder"):
        read_all(spec(kind, tmp_path / "gone"))
    with pytest.raises(TrainingError, match=f"no .{SUFFIX[kind]} file"):
        read_all(spec(kind, tmp_path))


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.zeros((90, 16, 3)), "shape"),
        (np.zeros((90, 51)), "shape"),
        (np.zeros((90, 17, 3), dtype=int), "int"),
        (np.full((90, 17, 3), np.nan), "no landmark that is a number"),
        (np.ones((3, 17, 3)), "3 frames"),
        (np.full((90, 17, 3), 1e9), "beyond 100 m"),
        (np.array([{}], dtype=object), "no readable array"),
    ],
)
def test_arrays_that_are_none_are_refused(tmp_path: Path, array: np.ndarray, word: str) -> None:
    np.save(tmp_path / "bad.npy", array, allow_pickle=True)
    assert word in read_all(f"mpi17:{tmp_path}?rate=60").refused[0].reason


def test_a_landmark_that_is_no_number_for_long_costs_the_cycle_and_no_more(tmp_path: Path) -> None:
    spoiled = WALK_TJC.copy()
    spoiled[180:200, 15] = np.nan
    as_mpi17(tmp_path, "walk", spoiled)
    reading = read_cycles(f"mpi17:{tmp_path}?rate=60")
    assert np.isfinite(reading.cycles.x_NTJC).all()
    assert any("filled" in refused.reason for refused in reading.refused)


@pytest.mark.parametrize("options", ["", "?rate=0", "?rate=fast", "?rate=nan"])
def test_arrays_need_a_rate(tmp_path: Path, options: str) -> None:
    with pytest.raises(TrainingError, match="rate"):
        read_all(f"mpi17:{tmp_path}{options}")


def test_an_unknown_unit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="furlong"):
        read_all(f"mpi17:{tmp_path}?rate=60&unit=furlong")


@pytest.mark.parametrize(
    ("index", "word"),
    [("name\nwalk.npz\n", "columns"), ("", "columns"), ("file\nwalk.npz\nwalk.npz\n", "twice"), ("file\n", "rows")],
)
def test_an_index_that_is_none_is_an_error(tmp_path: Path, index: str, word: str) -> None:
    as_recording(tmp_path, "walk")
    (tmp_path / "index.csv").write_text(index)
    with pytest.raises(TrainingError, match=word):
        read_all(f"recording:{tmp_path}")


def test_a_pattern_that_names_something_twice_is_an_error(tmp_path: Path) -> None:
    as_recording(tmp_path, "walk")
    with pytest.raises(TrainingError, match="pattern"):
        read_all(f"recording:{tmp_path}?pattern={{subject}}_{{subject}}.npz")


def test_a_pattern_may_count_characters_and_name_folders(tmp_path: Path) -> None:
    (tmp_path / "angry").mkdir()
    as_recording(tmp_path / "angry", "HC002D06")
    reading = read_cycles(f"recording:{tmp_path}?pattern={{affect}}/{{subject:5}}{{take}}.npz")
    assert set(reading.cycles.subject_N) == {"HC002"}
    assert set(reading.cycles.acted_N) == {CLASSES.index("angry")}


def test_real_video_pose_is_read(data: Path) -> None:
    reading = read_cycles(f"mpi17:{data}/gaitvalidation?rate=60&pattern={{subject}}_T{{take}}.npy")
    assert len(set(reading.cycles.subject_N)) == 17
    assert len(reading.looked) == 169
    assert len(reading.cycles) > 700


def test_real_bandai_namco_styles_are_read_and_the_others_refused(data: Path) -> None:
    pattern = "pattern=dataset-1_walk_{affect}_{take}.bvh&neutral=normal"
    reading = read_cycles(f"bvh:{data}/bandai_namco/dataset-1?{pattern}")
    assert set(reading.cycles.acted_N) == {0, 1, 2, 3}
    assert sum("none of angry" in refused.reason for refused in reading.refused) == 22
    whole = [refused.key for refused in reading.refused if refused.what == "recording"]
    assert len(reading.looked) + len(whole) == 30
    assert len(reading.looked) >= 7


def test_real_cmu_walks_are_read(data: Path) -> None:
    reading = read_cycles(f"bvh:{data}/cmu_bvh?pattern={{subject}}_{{take}}.bvh")
    assert set(reading.cycles.subject_N) == {"02", "03", "05", "06", "07", "08"}
    assert len(reading.looked) == 31
    assert len(reading.cycles) > 90


def test_real_marker_trials_are_read_and_those_without_a_head_say_so(data: Path) -> None:
    pytest.importorskip("ezc3d")
    reading = read_cycles(f"c3d:{data}/gait_events")
    assert all(key.startswith("biomechzoo_walk/") for key in reading.cycles.key_N)
    assert len(reading.cycles) > 15
    headless = {refused.key.split(" at ")[0] for refused in reading.refused if "no head" in refused.reason}
    assert {"gaitkit_c3d/vanderzee_p10_trial3.c3d", "gaitkit_c3d/figshare_pd_SUB01_off_walk_12b.c3d"} <= headless
