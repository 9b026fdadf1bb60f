"""The one connection to the MQTT broker: speaks, and listens to nothing.

Promises: MQTT 5 over TLS 1.2 or newer with the broker's name checked; a last will that says offline; what is refused
for good (password, certificate) is a sentence at once, and what may pass (network, a broker that restarts) is tried
again after 1, 2, 4 ... 120 seconds. There is no subscription, so no message can reach it. Refuses a password file that
others may read.
"""

import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTErrorCode, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import HomeAssistantError
from edge.homeassistant.messages import Message

KEEP_ALIVE_S: Final = 30
ANSWER_S: Final = 10.0
MOST_WAIT_S: Final = 120.0
Clock = Callable[[], float]


class Access(NamedTuple):
    """Where the broker is and who we are there; two of one ``client_id`` drive each other out."""

    host: str
    port: int
    tls: bool
    ca_file: Path | None
    user: str | None
    password_file: Path | None
    client_id: str


class Broker:
    """Connected or not; `step` moves it on, and returns True when it has just been connected."""

    def __init__(self, access: Access, will: Message, clock: Clock) -> None:
        self._access, self._will, self._clock = access, will, clock
        self._client: Client | None = None
        self._is_connected = False
        self._refusal: ReasonCode | None = None
        self._wait_s, self._again_at_s = 1.0, 0.0
        self._began_s = 0.0
        self.trouble = ""

    @property
    def is_connected(self) -> bool:
        """Whether what is published goes out now."""
        return self._is_connected

    def step(self, patience_s: float) -> bool:
        """Connect when it is time, else send and receive for so long. Raises HomeAssistantError for good reasons."""
        if self._client is None:
            return self._try_to_connect()
        was = self._is_connected
        code = self._client.loop(timeout=patience_s)
        if self._refusal is not None:
            self._lost(str(self._refusal))
            self._refuse_if_for_good()
        elif code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lost(code.name)
        elif not self._is_connected and self._clock() - self._began_s > ANSWER_S:
            self._lost("no answer")
        return self._is_connected and not was

    def publish(self, message: Message) -> None:
        """Send it, if connected: nothing waits for a connection, for it would be old by then."""
        if self._client is not None and self._is_connected:
            self._client.publish(message.topic, message.payload, 1, retain=True, properties=_expiry(message))

    def close(self, last_words: tuple[Message, ...] = ()) -> None:
        """Say these and go, in good order: the will is not executed."""
        if self._client is None:
            return
        if self._is_connected:
            sent = [self._client.publish(m.topic, m.payload, 1, retain=True, properties=_expiry(m)) for m in last_words]
            end_s = self._clock() + 3.0
            while self._clock() < end_s and not all(one.is_published() for one in sent):
                self._client.loop(timeout=0.1)
        self._client.disconnect()
        self._client = None
        self._is_connected = False

    def _try_to_connect(self) -> bool:
        if self._clock() < self._again_at_s:
            return False
        client = self._new_client()
        try:
            client.connect(self._access.host, self._access.port, KEEP_ALIVE_S, clean_start=True)
        except ssl.SSLCertVerificationError as error:
            raise HomeAssistantError(
                f"a broker at {self._access.host} whose certificate does not hold ({error.verify_message})",
                "one that ca_file vouches for, in the name of host",
                "Nothing was sent. Check ca_file and host.",
            ) from None
        except OSError as error:
            self._lost(str(error) or type(error).__name__)
            return False
        self._client, self._began_s = client, self._clock()
        return False

    def _new_client(self) -> Client:
        access = self._access
        client = Client(CallbackAPIVersion.VERSION2, access.client_id, protocol=MQTTv5)
        client.connect_timeout = ANSWER_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.will_set(self._will.topic, self._will.payload, 1, retain=True)
        if access.tls:
            client.tls_set_context(_tls(access.ca_file))
        if access.user is not None and access.password_file is not None:
            client.username_pw_set(access.user, password_of(access.password_file))
        return client

    def _on_connect(self, _client: Client, _user: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._refusal = reason
            return
        self._is_connected = True
        self._wait_s, self.trouble = 1.0, ""

    def _on_disconnect(self, _client: Client, _user: Any, _flags: Any, _reason: ReasonCode, _properties: Any) -> None:
        self._is_connected = False

    def _lost(self, trouble: str) -> None:
        self._client, self._is_connected, self.trouble = None, False, trouble
        self._again_at_s = self._clock() + self._wait_s
        self._wait_s = min(MOST_WAIT_S, 2 * self._wait_s)

    def _refuse_if_for_good(self) -> None:
        reason, self._refusal = self._refusal, None
        if reason is not None and reason.getName() in ("Not authorized", "Bad user name or password", "Banned"):
            raise HomeAssistantError(
                f"a broker at {self._access.host} that does not let us in ({reason.getName().lower()})",
                "a user and a password that it knows",
                "Check user and password_file below [homeassistant].",
            )


def password_of(path: Path) -> str:
    """The password in a file that is its owner's alone."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise HomeAssistantError(
            f"no readable file {path}", "the broker's password in it", "Write it there, with mode 0600."
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise HomeAssistantError(f"{path}, which others may read", "mode 0600", f"chmod 600 {path}")
    if not text:
        raise HomeAssistantError(f"an empty {path}", "the broker's password in it", "Write it there.")
    return text


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise HomeAssistantError(f"no certificates in {ca_file} ({error})", "a PEM file", "Check ca_file.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _expiry(message: Message) -> Properties | None:
    if message.expires_s is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = message.expires_s
    return properties
