"""Log lines: what happened and how much, to stderr, as text for people or JSON for machines.

Promises: only plain numbers and words are logged. Refuses arrays and bytes: a log never holds landmarks or pictures.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def set_up_logging(*, json: bool = False, level: str = "info") -> None:
    """Send structlog's lines to stderr; colours only where a person is watching."""
    renderer = structlog.processors.JSONRenderer() if json else _for_people()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False) if not json else _iso(),
            _only_plain,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # Looked up for each line: a live status line puts its own stderr in place.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _for_people() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28)


def _iso() -> structlog.processors.TimeStamper:
    return structlog.processors.TimeStamper(fmt="iso", utc=True)


def _only_plain(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _plain(value) for key, value in event.items()}


def _plain(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return f"<{type(value).__name__}>"
