"""Gauges: what one process writes another reads, without a name anywhere."""

import os
import subprocess
import sys
from pathlib import Path

from edge.gauges import Gauges


def test_another_process_advances_what_we_read() -> None:
    gauges = Gauges.create()
    code = f"from edge.gauges import Gauges; g = Gauges({gauges.fd}); g.add('n_frames', 5); g.put_rung('cpu')"
    subprocess.run([sys.executable, "-c", code], check=True, pass_fds=(gauges.fd,))
    assert gauges.read().n_frames == 5
    assert gauges.rung() == "cpu"
    gauges.clear()
    assert gauges.read().n_frames == 0


def test_the_page_has_no_name_in_the_file_system() -> None:
    before = set(Path("/dev/shm").iterdir())
    gauges = Gauges.create()
    assert set(Path("/dev/shm").iterdir()) == before
    assert os.readlink(f"/proc/self/fd/{gauges.fd}").startswith("/memfd:")


def test_rung_and_stage_are_texts_of_their_own() -> None:
    gauges = Gauges.create()
    gauges.put_rung("onnx-tensorrt")
    gauges.put_stage("building the TensorRT engine: " + "x" * 200)
    gauges.add("n_preparing")
    assert gauges.rung() == "onnx-tensorrt"
    assert gauges.stage().startswith("building the TensorRT engine: xxx")
    assert len(gauges.stage()) == 128
    gauges.put_stage("")
    assert gauges.stage() == ""
    assert gauges.read().n_preparing == 1
