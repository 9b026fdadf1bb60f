"""The lowest rung: ONNX Runtime on the CPU, one thread, nothing hidden.

Promises: answers in this process, with a session that ``edge.encoder.session`` checked. Should a call ever hang, the
supervisor's watchdog ends the whole monitor: there is no rung below to go on with. Refuses what a session refuses.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

from typing import Final

from edge.encoder.answers import Floats, Raw
from edge.encoder.batches import CPU_CHUNK, run_chunked
from edge.encoder.session import Session
from edge.rungs import CPU

PROVIDER: Final = "CPUExecutionProvider"


class CpuRung:
    """A session on the CPU for the bytes of one verified graph."""

    name = CPU

    def __init__(self, onnx: bytes) -> None:
        self._session = Session(onnx, PROVIDER, {})

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for checked inputs; raises EncoderError when the runtime fails."""
        return run_chunked(self._session.run, x_NTJC, duration_s_N, CPU_CHUNK)

    def close(self) -> None:
        """Nothing to end: it lives in this process."""
