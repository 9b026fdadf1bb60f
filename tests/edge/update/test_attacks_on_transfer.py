"""Attacks on the way: slow, cut, spoilt and captured transfers. Every clock here is the test's own."""

import itertools
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edge.errors import ConfigError, QuietstepError, UpdateError, UpdateFetchError, UpdateRefusedError
from edge.update.check_update import Staged
from edge.update.download import Downloads, Wanted
from edge.update.network import Network
from edge.update.release import MAX_PAYLOAD_BYTES, Rollout, encode_rollout
from edge.update.transfer import Limits, refuse_address, resume_at, usable_etag, validator_of
from edge.update.trust_store import open_trust_store
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.simulated_repository import Handler, Serve, honest, serving


def fails(home: Home, error: type[QuietstepError] = UpdateFetchError) -> str:
    """The sentence of a check that must fail and stage nothing."""
    with pytest.raises(error) as caught:
        home.check()
    assert not home.staged_names()
    return str(caught.value)


def cut_after(n_bytes: int) -> Serve:
    """Honest headers, then only so much of the body that is due."""

    def cut(handler: Handler, content: bytes) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        status = 206 if start else 200
        content_range = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.begin(status, ETag='"e"', Content_Length=len(content) - start, Content_Range=content_range)
        handler.wfile.write(content[start : start + n_bytes])
        handler.close_connection = True

    return cut


def answering(status: int, content: bytes | None = None, **headers: object) -> Serve:
    """One fixed answer."""

    def answer(handler: Handler, honest_content: bytes) -> None:
        body = honest_content if content is None else content
        handler.begin(status, **{"Content_Length": len(body), **headers})
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize("path", ["timestamp.json", "2.releases.json", ".bundle"])
def test_slow_retrieval_of_a_body(home: Home, archive: bytes, path: str) -> None:
    """Two bytes at a time; by the device's clock minutes pass between two looks."""
    home.repository.offer(TARGET, archive)
    ticks, steps_s = itertools.count(), [0.0]
    home.monotonic = lambda: next(ticks) * steps_s[-1]

    def trickle(handler: Handler, content: bytes) -> None:
        steps_s.append(100.0)
        handler.begin(200, Content_Length=len(content))
        for start in range(0, len(content), 2):
            handler.wfile.write(content[start : start + 2])
            handler.wfile.flush()

    home.server.ways[path] = trickle
    assert "bytes a second" in fails(home)


def test_slow_retrieval_of_headers_and_of_silence(home: Home) -> None:
    """Each byte comes in time for the next read, and the headers never end; or nothing comes at all."""
    home.limits = Limits(headers_s=0.2, gap_s=0.15)
    over = threading.Event()

    def endless_headers(handler: Handler, content: bytes) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            handler.wfile.write(b"x")

    home.server.ways["timestamp.json"] = endless_headers
    assert "no answer" in fails(home)
    over.set()
    hung = threading.Event()
    home.server.ways["timestamp.json"] = lambda handler, content: hung.wait(5.0)
    assert "timed out" in fails(home)
    hung.set()


def test_partial_bundle_goes_on_where_it_was_cut(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    third = len(archive) // 3 + 1
    home.server.ways[".bundle"] = cut_after(third)
    fails(home)
    fails(home)
    assert isinstance(home.check(), Staged)
    asked = home.server.asked_for(".bundle")
    assert [one.get("Range") for one in asked] == [None, f"bytes={third}-", f"bytes={2 * third}-"]
    assert asked[1]["If-Range"] == '"e"'


def test_partial_bundle_torn_by_a_power_cut(home: Home, archive: bytes) -> None:
    """The length was on disk, the bytes were not."""
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = cut_after(30_000)
    fails(home)
    (part,) = (home.folder / "downloads").iterdir()
    part.write_bytes(bytes(part.stat().st_size))
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)


def test_partial_bundle_of_full_length_torn_by_a_power_cut(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = cut_after(30_000)
    fails(home)
    (part,) = (home.folder / "downloads").iterdir()
    part.write_bytes(bytes(len(archive) + 5))
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)


def test_range_ignored(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = cut_after(10_000)
    fails(home)
    home.server.ways[".bundle"] = answering(200)
    assert isinstance(home.check(), Staged)


def test_range_answered_with_another_file(home: Home, archive: bytes) -> None:
    """If-Range ignored too: the hash finds out, and the whole file is asked for in the same check."""
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = cut_after(10_000)
    fails(home)

    def other(handler: Handler, content: bytes) -> None:
        if handler.headers.get("Range"):
            cut_after(len(content))(handler, bytes(len(content)))
        else:
            honest(handler, content)

    home.server.ways[".bundle"] = other
    assert isinstance(home.check(), Staged)


@pytest.mark.parametrize(
    "content_range", ["bytes 0-99/100", "bytes 10001-20000/20001", "bytes 10000-x/9", "", "bytes 10000-20000/20001"]
)
def test_range_answered_with_another_range(home: Home, archive: bytes, content_range: str) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = cut_after(10_000)
    fails(home)
    home.server.ways[".bundle"] = answering(206, Content_Range=content_range)
    assert "bytes from 10000" in fails(home)


def test_range_not_satisfiable_starts_over(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = cut_after(10_000)
    fails(home)
    home.server.ways[".bundle"] = answering(416, b"")
    fails(home)
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)
    assert home.server.asked_for(".bundle")[-1].get("Range") is None


def test_a_download_that_never_fits_its_hash_leaves_nothing(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = answering(200, archive[::-1])
    assert "signed one" in fails(home, UpdateRefusedError)
    assert not list((home.folder / "downloads").iterdir())


def test_more_bytes_than_signed_for(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[".bundle"] = answering(200, archive + b"more")
    assert "as the metadata say" in fails(home, UpdateRefusedError)


PAGE = b"  <!DOCTYPE html><html><title>Welcome to Hotel WiFi</title></html>"


@pytest.mark.parametrize("path", ["root.json", "timestamp.json", "2.releases.json", "stable.json", ".bundle"])
def test_captive_portal_with_a_page(home: Home, archive: bytes, path: str) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[path] = answering(200, PAGE, Content_Type="text/html")
    assert "sign-in page" in fails(home)
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)


@pytest.mark.parametrize("where", ["http://portal.example/login", "https://127.0.0.1:1/x", "//127.0.0.2/x"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_captive_portal_that_redirects(home: Home, where: str, status: int) -> None:
    home.server.ways["root.json"] = answering(status, b"", Location=where)
    fails(home)


def test_captive_portal_is_told_as_one(home: Home) -> None:
    home.server.ways["root.json"] = answering(302, b"", Location="https://portal.example/login")
    assert "sign-in page" in fails(home)


def test_redirects_on_the_same_host_are_followed_but_not_for_ever(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    path = home.repository.archive_path(TARGET)
    home.server.files["moved"] = home.repository.files[path.lstrip("/")]
    home.server.ways[".bundle"] = answering(302, b"", Location="/moved")
    assert isinstance(home.check(), Staged)
    home.server.ways["timestamp.json"] = answering(302, b"", Location="timestamp.json")
    with pytest.raises(UpdateError, match="302"):
        home.check()


def test_a_compressed_answer_is_refused(home: Home) -> None:
    home.server.ways["timestamp.json"] = answering(200, b"\x1f\x8b", Content_Encoding="gzip")
    assert "compressed" in fails(home)


def test_payload_over_2_gib_in_the_rollout(home: Home, archive: bytes) -> None:
    home.repository.release(TARGET, archive)
    huge = Rollout(1, "stable", TARGET, "0" * 64, MAX_PAYLOAD_BYTES + 1, 100)
    home.repository.say("stable", encode_rollout(huge))
    home.repository.publish("releases", "rollout")
    fails(home, UpdateRefusedError)
    assert not home.server.asked_for(".bundle")


def test_payload_over_2_gib_in_the_releases(home: Home, archive: bytes) -> None:
    home.repository.release(TARGET, archive).length = MAX_PAYLOAD_BYTES + 1
    home.repository.roll_out(TARGET, archive)
    home.repository.publish("releases", "rollout")
    assert "2 GiB" in fails(home, UpdateRefusedError)
    assert not home.server.asked_for(".bundle")


def test_no_room_is_told_before_anything_is_fetched(home: Home, archive: bytes) -> None:
    wanted = Wanted(f"{home.server.url}/x.bundle", len(archive), (("sha256", "0" * 64),))
    with open_trust_store(home.folder, 0, "0") as store:
        downloads = Downloads(home.folder / "downloads", store, Network(), free_bytes=lambda folder: 64 << 20)
        with pytest.raises(UpdateFetchError, match="MiB free"):
            downloads.fetch(wanted)
    assert not home.server.asked


def test_an_unknown_hash_is_refused(home: Home) -> None:
    with open_trust_store(home.folder, 0, "0") as store:
        downloads = Downloads(home.folder / "downloads", store, Network())
        for unknown in ((), (("md5", "0" * 32),), (("sha256", "0" * 64), ("crc", "0"))):
            with pytest.raises(UpdateRefusedError):
                downloads.fetch(Wanted(home.server.url, 1, unknown))


@pytest.mark.parametrize(
    "url",
    [
        "http://updates.example/",
        "ftp://updates.example/",
        "https:///x",
        "https://u@h/",
        "https://h:99999/",
        "file:///etc",
        "",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UpdateFetchError):
        refuse_address(url, allow_plain=False)


@pytest.mark.parametrize(
    "url", ["https://updates.example/a", "http://127.0.0.1:80/", "http://[::1]/", "http://localhost/"]
)
def test_addresses_that_are_taken(url: str) -> None:
    assert refuse_address(url, allow_plain=False).geturl() == url
    assert not issubclass(UpdateFetchError, ConfigError)


def test_plain_http_only_where_it_is_allowed() -> None:
    assert refuse_address("http://updates.lan/", allow_plain=True).hostname == "updates.lan"


def test_what_goes_into_if_range() -> None:
    date = "Mon, 01 Mar 2027 12:00:00 GMT"
    assert [validator_of(*one) for one in (('"a"', date), ('W/"a"', date), (None, date), ("bad\r\nX: y", "\r\n"))] == [
        '"a"',
        date,
        date,
        None,
    ]
    assert [usable_etag(one) for one in ('"' + "x" * 999 + '"', "x", 'W/"x"')] == [None, None, 'W/"x"']
    assert resume_at(206, "bytes 5-9/*", 5, 10) == 5


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    path = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(signed.public_bytes(Encoding.PEM) + private)
    return path


def test_a_certificate_nobody_vouches_for_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the same one is taken where the system's store has it: it is the store that decides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving({"x": b"{}"}, context) as server:
        url = server.url.replace("127.0.0.1", "localhost") + "/x"
        with pytest.raises(UpdateFetchError, match="certificate"), Network().get(url, {}):
            pass
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Network().get(url, {}) as answer:
            assert b"".join(answer.chunks()) == b"{}"
