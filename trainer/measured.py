"""Measured figures as JSON files.

Promises: the file appears whole or not at all, and not-a-number is written as null. Refuses a place that cannot be
written to, before anybody believes the figures are kept.
"""

import tempfile
from pathlib import Path

import msgspec

from edge.errors import TrainingError


def write_json(path: Path, figures: object) -> None:
    """Write ``figures`` (structs, dataclasses, dicts) indented to ``path``; raises TrainingError."""
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError as error:
        found = f"that {path} cannot be written ({error.strerror})"
        raise TrainingError(found, "a file to write figures to", "Name another one.") from error
