"""Named arrays as the bytes of one ``.npz``, and back, without pickle.

Promises: the same arrays give the same bytes. Refuses bytes that are no such file, cut short or changed (each array
has its own check sum).
"""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]


def array_bytes(arrays: Arrays) -> bytes:
    """Named arrays as the bytes of one ``.npz``."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)  # type: ignore[arg-type]  # the stub takes `arrays` for the flag
    return buffer.getvalue()


def arrays_of(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays in the bytes of an ``.npz``; raises ValueError, EOFError or BadZipFile for other bytes."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
