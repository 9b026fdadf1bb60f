"""A folder of long recordings, whatever their format: each file loaded, labelled and cut, or refused by name.

Promises: every file of the kind below the folder, and every file its index names, ends either among what was looked at
or among what was refused. Refuses a folder that is missing or holds no such file.
"""

from collections.abc import Callable
from pathlib import Path

from edge.errors import RecordingError, TrainingError
from trainer.cut_cycles import Cut, Motion, cut_cycles
from trainer.cycles import Reading, Refused, joined
from trainer.labels import INDEX, Labels
from trainer.read_spec import Spec, Tell

Load = Callable[[Path], Motion]
_TOO_SHORT_FRAMES = 8


def read_folder(spec: Spec, suffix: str, load: Load, provenance: str, tell: Tell) -> Reading:
    """Read every ``suffix`` file below the folder; ``load`` raises ValueError or RecordingError to refuse one."""
    files = _files(spec.path, suffix)
    labels = Labels(spec)
    cuts: list[Cut] = []
    refused = [Refused(name, f"named in {INDEX}, but not there") for name in sorted(labels.named() - set(files))]
    for done, (name, path) in enumerate(files.items(), start=1):
        try:
            cuts.append(cut_cycles(name, _long_enough(load(path)), labels.of(name)))
        except (ValueError, RecordingError, OSError) as error:
            # The key names the file; a path in the reason would keep equal reasons from being counted together.
            refused.append(Refused(name, str(error).replace(f" in {path}", "")))
        tell(done, len(files))
    refused += [each for cut in cuts for each in cut.refused]
    cycles = joined([cut.cycles for cut in cuts])
    return Reading(cycles, tuple(refused), provenance, tuple(cut.looked for cut in cuts), labels.notes())


def _files(folder: Path, suffix: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise TrainingError(f"no folder {folder}", f"a folder of {suffix} files", "Check the path.")
    every = sorted(path for path in folder.rglob("*") if path.suffix.lower() == suffix and path.is_file())
    if not every:
        raise TrainingError(f"no {suffix} file in {folder}", "at least one", "Name the folder that holds them.")
    return {path.relative_to(folder).as_posix(): path for path in every}


def _long_enough(motion: Motion) -> Motion:
    if len(motion.t_s) < _TOO_SHORT_FRAMES:
        raise ValueError(f"{len(motion.t_s)} frames are too few for a gait cycle")
    if not motion.visibility_TJ.any():
        raise ValueError("no landmark that is a number")
    return motion
