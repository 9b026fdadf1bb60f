"""Against a real broker (Mosquitto): what is said, the last will, that nothing is listened to, and wrong passwords."""

import contextlib
import ipaddress
import json
import os
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage, MQTTv5

from edge.diary.days import midnight_s
from edge.diary.store import Store
from edge.diary.trend import FEW, TrendRow

MOSQUITTO = shutil.which("mosquitto") or next((p for p in ("/usr/sbin/mosquitto",) if Path(p).exists()), None)
PASSWD = shutil.which("mosquitto_passwd")
pytestmark = [
    pytest.mark.skipif(MOSQUITTO is None or PASSWD is None, reason="no mosquitto (Debian package mosquitto)"),
    pytest.mark.xdist_group("mosquitto"),
]
PASSWORD = "not a good one"
PATIENCE_S = 60.0
HELD = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad", "valence", "valence_low", "valence_high")
HELD += ("arousal", "arousal_low", "arousal_high")


class Running(NamedTuple):
    """A broker, and a home that may speak to it."""

    folder: Path
    port: int
    processes: list[subprocess.Popen[bytes]]

    @property
    def log(self) -> Path:
        return self.folder / "broker.log"

    def start(self) -> None:
        self.processes.append(subprocess.Popen([str(MOSQUITTO), "-c", str(self.folder / "mosquitto.conf")]))

    def stop(self) -> None:
        process = self.processes.pop()
        process.terminate()
        process.wait(10)


def certificates(folder: Path) -> None:
    """An authority, and a certificate of 127.0.0.1."""
    now = datetime.now(UTC)

    def signed(name: str, issuer: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, is_ca: bool):  # type: ignore[no-untyped-def]
        subject, of = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(of).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        if not is_ca:
            own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder.add_extension(own, critical=False)
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    for name in ("ca", "stranger"):
        authority = ec.generate_private_key(ec.SECP256R1())
        (folder / f"{name}.pem").write_bytes(signed(name, name, authority, authority, True))
        if name == "ca":
            key = ec.generate_private_key(ec.SECP256R1())
            (folder / "broker.pem").write_bytes(signed("broker", "ca", key, authority, False))
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            (folder / "broker.key").write_bytes(key.private_bytes(*form))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port = tmp_path_factory.mktemp("mqtt"), free_port()
    certificates(folder)
    subprocess.run([str(PASSWD), "-b", "-c", folder / "users", "home", PASSWORD], check=True)
    subprocess.run([str(PASSWD), "-b", folder / "users", "watcher", PASSWORD], check=True)
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous false", "persistence false", "log_type all"]
    lines += [f"password_file {folder}/users", f"certfile {folder}/broker.pem", f"keyfile {folder}/broker.key"]
    lines += [f"log_dest file {folder}/broker.log", f"user {_user()}"]
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    own = Running(folder, port, [])
    own.start()
    try:
        _write_home(folder, port)
        yield own
    finally:
        own.stop()


def _user() -> str:
    import pwd  # noqa: PLC0415  (only to stay who we are: mosquitto would become its own user)

    return pwd.getpwuid(os.getuid()).pw_name


def _write_home(folder: Path, port: int) -> None:
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o600)
    (folder / "wrong").write_text("wrong")
    (folder / "wrong").chmod(0o600)
    for name, password, authority in (
        ("home", "password", "ca"),
        ("wrong", "wrong", "ca"),
        ("tls", "password", "stranger"),
    ):
        (folder / f"{name}.toml").write_text(
            f'timezone = "UTC"\n[[camera]]\nplace = "hall"\nsource = "synthetic:identity=1"\n'
            f'[homeassistant]\non = true\nhost = "127.0.0.1"\nport = {port}\n'
            f'ca_file = "{folder}/{authority}.pem"\nuser = "home"\npassword_file = "{folder}/{password}"\n'
        )
    today_s = midnight_s(datetime.now(UTC).date(), UTC)
    with Store.open(folder / "data" / "diary.db") as store:
        store.save([_hour(today_s - 3600 * n, is_told=n % 2 == 0) for n in range(1, 25)], ())


def _hour(start_s: int, *, is_told: bool) -> TrendRow:
    head = {"bucket_start_s": start_s, "bucket_length_s": 3600, "place": "hall", "model_id": "m-1", "rung": "cpu"}
    minutes = {"observed": 10, "several_people": 0, "nobody": 35, "unusable": 0, "paused": 15, "fault": 0}
    said: dict[str, object] = {"n_walks": FEW, "n_cycles": FEW} | dict.fromkeys(HELD)
    if is_told:
        values = (0.2, 0.1, 0.5, 0.2, 0.2, 0.25, 0.15, 0.35, 0.1, 0.0, 0.2)
        said = {"n_walks": 5, "n_cycles": 30} | dict(zip(HELD, values, strict=True))
    return msgspec.convert(head | {f"minutes_{kind}": n for kind, n in minutes.items()} | said, TrendRow)


class Ear:
    """Somebody who hears everything."""

    def __init__(self, running: Running) -> None:
        self.heard: queue.Queue[tuple[str, str, bool]] = queue.Queue()
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self.client.username_pw_set("watcher", PASSWORD)
        self.client.tls_set_context(ssl.create_default_context(cafile=running.folder / "ca.pem"))
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_message = self._on_message
        end_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.client.connect("127.0.0.1", running.port)
                break
            except OSError:
                assert time.monotonic() < end_s, "mosquitto did not come up"
                time.sleep(0.1)
        self.client.loop_start()

    def _on_message(self, _client: Client, _user: object, message: MQTTMessage) -> None:
        self.heard.put((message.topic, message.payload.decode(), bool(message.retain)))

    def wait(self, topic: str, *containing: str) -> str:
        """The next message of this topic that contains it."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            got, payload, _retain = self.heard.get(timeout=max(0.01, end_s - time.monotonic()))
            if got == topic and all(part in payload for part in containing):
                return payload

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def ear(running: Running) -> Iterator[Ear]:
    one = Ear(running)
    yield one
    one.close()


def command(running: Running, name: str = "home") -> list[str]:
    folder = running.folder
    own = ["--config", str(folder / f"{name}.toml"), "--data-dir", str(folder / "data")]
    return [sys.executable, "-m", "edge.cli", "homeassistant", *own]


@contextlib.contextmanager
def speaking(running: Running) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command(running), stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
        if process.stderr:
            process.stderr.close()


def test_it_tells_the_day_listens_to_nothing_and_leaves_a_will(running: Running, ear: Ear) -> None:
    for topic in ("hall/set", "hall/command", "set", "pause/set"):  # commands that were left lying there
        ear.client.publish(f"quietstep/quietstep/{topic}", "resume", 1, retain=True)
    before = sorted(path.name for path in (running.folder / "data").iterdir() if "state" in path.name)
    with speaking(running) as process:
        found = json.loads(ear.wait("homeassistant/device/quietstep-quietstep/config", "expire_after"))
        assert len(found["components"]) == 5
        ear.wait("quietstep/quietstep/availability", "online")
        assert json.loads(ear.wait("quietstep/quietstep/hall/status")) == {"status": "off"}
        day = json.loads(ear.wait("quietstep/quietstep/hall/day"))
        assert (day["valence"], day["watched_percent"], day["model"]) == (0.25, 75.0, "m-1")
        assert set(day) == {"day", "valence", "valence_low", "valence_high", "watched_percent", "model"}
        process.send_signal(signal.SIGKILL)
        ear.wait("quietstep/quietstep/availability", "offline")
    lines = running.log.read_text().splitlines()
    assert [line for line in lines if "Received PUBLISH from quietstep-quietstep" in line]
    assert not [line for line in lines if "SUBSCRIBE from quietstep-quietstep" in line]
    assert [line for line in lines if "SUBSCRIBE from" in line]  # the ear's: the log would show it
    after = sorted(path.name for path in (running.folder / "data").iterdir() if "state" in path.name)
    assert before == after


def test_it_comes_back_when_the_broker_does_and_goes_in_good_order(running: Running, ear: Ear) -> None:
    with speaking(running) as process:
        ear.wait("quietstep/quietstep/availability", "online")
        ear.wait("quietstep/quietstep/hall/day", "0.25")
        running.stop()  # it keeps nothing, so all has to be told anew
        running.start()
        ear.wait("homeassistant/device/quietstep-quietstep/config")
        ear.wait("quietstep/quietstep/hall/day", "0.25")
        process.send_signal(signal.SIGTERM)
        assert json.loads(ear.wait("quietstep/quietstep/hall/day", "null"))["valence"] is None
        ear.wait("quietstep/quietstep/availability", "offline")
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize(("name", "said"), [("wrong", "does not let us in"), ("tls", "certificate does not hold")])
def test_what_is_hopeless_is_a_sentence(name: str, said: str, running: Running, ear: Ear) -> None:
    done = subprocess.run(command(running, name), capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stderr
