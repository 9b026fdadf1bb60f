"""The live status line of ``run`` and ``demo``: frames a second, people, cycles, rung, and what is down.

Promises: one line, from counters only. Refuses to show anything of who is there.
"""

from rich.text import Text

from edge.service_status import Status


class Rate:
    """Frames a second, from a counter and the time that comes with it; smoothed over about two seconds."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._rate_hz = 0.0

    def update(self, t_s: float, n_frames: int) -> float:
        """Note the counter at ``t_s``; the current rate."""
        if self._last is None:
            self._last = (t_s, n_frames)
        elapsed_s = t_s - self._last[0]
        if elapsed_s >= 1.0:
            now_hz = max(0, n_frames - self._last[1]) / elapsed_s
            self._rate_hz = now_hz if not self._rate_hz else 0.5 * (self._rate_hz + now_hz)
            self._last = (t_s, n_frames)
        return self._rate_hz


def status_line(status: Status, rate_hz: float, left_s: float | None = None) -> Text:
    """The line as rich text."""
    reading = status.reading
    parts = [
        _first_word(status),
        (f"{rate_hz:4.1f} frames/s  ", ""),
        (f"{reading.n_people} in view  ", "cyan" if reading.n_people else "dim"),
        (f"{reading.n_cycles} cycles", "bold" if reading.n_cycles else ""),
        (f" ({reading.n_refused_cycles} refused, {reading.n_abstained} abstained)  ", "dim"),
        (f"rung {status.rung or status.stage or '…'}", "" if status.rung else "yellow"),
        (
            f"  frame age {1000 * max(0.0, status.oldest_frame_s):.0f} ms" if status.oldest_frame_s is not None else "",
            "dim",
        ),
    ]
    if reading.n_rungs_dropped:
        parts.append((f"  {reading.n_rungs_dropped} rungs dropped", "yellow"))
    if reading.n_gaps:
        parts.append((f"  {reading.n_gaps} frames missed", "yellow"))
    if reading.diary_failures:
        parts.append(("  the diary cannot be written", "bold red"))
    if left_s is not None:
        parts.append((f"  {max(0, round(left_s))} s left", "dim"))
    return Text.assemble(*parts)


def _first_word(status: Status) -> tuple[str, str]:
    """What is down, else what is paused and until when, else that it watches."""
    if status.down:
        return f"down: {', '.join(status.down)} ", "bold red"
    if not status.rests:
        return "watching ", "bold green"
    rests = {rest.told(None) for rest in status.rests.values()}
    places = "" if len(status.rests) == len(status.cameras) else f"{', '.join(status.rests)} "
    return f"{places}{' and '.join(sorted(rests))} ", "bold yellow"
