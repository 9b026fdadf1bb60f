"""The out-of-distribution score on disk, without pickle: every part's centre and whitening matrix.

Promises: what is read scores bit for bit as what was written, part by part in the same order. Refuses a file that is
missing, cut short or changed.

Shape letters: P feature of a part.
"""

from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import torch

from edge.errors import TrainingError
from trainer.array_file import array_bytes, arrays_of
from trainer.strangeness import Part, Strangeness
from trainer.whole_file import write_whole

NAME: Final = "strangeness.npz"
_CENTRE, _WHITEN, _ONE_SIDED = "centre_P", "whiten_PP", "one_sided"


def write_strangeness(folder: Path, strangeness: Strangeness) -> None:
    """Keep the score in ``folder``; raises TrainingError."""
    arrays = {}
    for name, part in strangeness.parts.items():
        arrays[f"{name}.{_CENTRE}"] = part.centre_P.numpy()
        arrays[f"{name}.{_WHITEN}"] = part.whiten_PP.numpy()
        arrays[f"{name}.{_ONE_SIDED}"] = np.asarray(part.one_sided)
    write_whole(folder / NAME, array_bytes(arrays))


def read_strangeness(folder: Path) -> Strangeness:
    """The score kept in ``folder``; raises TrainingError."""
    path, strangeness = folder / NAME, Strangeness()
    try:
        arrays = arrays_of(path.read_bytes())
        for name in dict.fromkeys(key.rsplit(".", 1)[0] for key in arrays):
            tensors = [torch.from_numpy(arrays[f"{name}.{each}"]) for each in (_CENTRE, _WHITEN)]
            strangeness.parts[name] = Part(tensors[0], tensors[1], bool(arrays[f"{name}.{_ONE_SIDED}"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        found = f"that {path} cannot be used ({type(error).__name__})"
        raise TrainingError(found, "a score written by this trainer", "Train again in another --work.") from error
    return strangeness
