"""What ``quietstep homeassistant`` does: from the settings to the publisher's own values, then publish until stopped.

Promises: the publisher sees places and files, never a camera. Refuses to start where the settings do not say on, where
no camera is named, and without the extra "homeassistant".
"""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from rich.console import Console

from edge.bundle import EDGE_VERSION
from edge.config import Config
from edge.errors import ConfigError


def homeassistant_command(config: Config, console: Console) -> None:
    """Publish until Ctrl-C or SIGTERM."""
    own = config.homeassistant
    _refuse(config)
    try:
        from edge.homeassistant.broker import Access, Broker
        from edge.homeassistant.messages import Topics, availability
        from edge.homeassistant.publisher import Home, Publisher, publish_until
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"no {error.name} on this machine", "paho-mqtt, which is an extra", "pip install 'quietstep[homeassistant]'"
        ) from None
    topics = Topics(own.discovery_prefix, own.id)
    access = Access(own.host, own.port, own.tls, own.ca_file, own.user, own.password_file, f"quietstep-{own.id}")
    places = tuple(camera.place for camera in config.camera)
    home = Home(config.diary, config.key, config.running_note, config.zone, places)
    broker = Broker(access, availability(topics, is_online=False), time.monotonic)
    publisher = Publisher(home, topics, broker, time.time, ".".join(map(str, EDGE_VERSION)))

    def said(text: str) -> None:
        console.print(f"{own.host}:{own.port}: {text}", soft_wrap=True, highlight=False, markup=False)

    with _stopped_by_signals() as stop:
        publish_until(stop, publisher, broker, time.monotonic, said)


def _refuse(config: Config) -> None:
    if not config.homeassistant.on:
        raise ConfigError(
            "[homeassistant] that is off", "on = true, if Home Assistant is to be told", "Nothing was sent."
        )
    if not config.camera:
        raise ConfigError("no [[camera]] in the settings", "a place to tell of", "Name the file with --config.")


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
