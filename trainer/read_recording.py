"""Quietstep's own recordings: ``recording:FOLDER``, ``.npz`` files as ``quietstep record`` writes them.

Promises: read by ``edge.recording``, the very reader of ``quietstep replay``; the rate is the median of the recording's
own times. Refuses what that reader refuses, by file.
"""

from pathlib import Path

import numpy as np

from edge.errors import QuietstepError
from edge.recording import read_recording
from trainer.cut_cycles import Motion
from trainer.cycles import Reading
from trainer.read_folder import read_folder
from trainer.read_spec import Spec, Tell


def read_recordings(spec: Spec, tell: Tell) -> Reading:
    """Every recording below the folder; raises TrainingError."""
    return read_folder(spec, ".npz", load_recording, f"Quietstep recordings ({spec.path.name})", tell)


def load_recording(path: Path) -> Motion:
    """One recording; raises RecordingError, or ValueError for a single frame."""
    # A spoiled header makes numpy raise whatever its parser raised.
    try:
        recording = read_recording(path)
    except QuietstepError:
        raise
    except Exception as error:
        raise ValueError(f"no readable recording ({' '.join(str(error).split())[:100]})") from error
    if len(recording.t_s) < 2:
        raise ValueError("a single frame")
    rate_hz = 1.0 / float(np.median(np.diff(recording.t_s)))
    return Motion(recording.t_s, recording.x_TJC, recording.visibility_TJ, rate_hz)
