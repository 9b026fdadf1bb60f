"""ONNX Runtime, imported so that it stays quiet.

Promises: usage reports are off before the library's first line runs. Measured on 1.31.1 for Linux: a plain import
starts a reporting thread, writes a device id and an event store below ``~/.cache/Microsoft``, and knows an HTTPS
collector; ``disable_telemetry_events()`` comes too late for the files; ``ORT_DISABLE_TELEMETRY`` prevents all of it.
``onnxruntime`` is None where no runtime extra is installed. Import the library from here and nowhere else.
"""

import os
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

onnxruntime: Any
try:
    import onnxruntime  # type: ignore[no-redef]
except ImportError:
    onnxruntime = None
else:
    onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]
