"""``quietstep doctor``: looks at this machine the way ``run`` will, and says for each thing what to do about it.

Promises: every check tries the real thing (the lock is loaded, the bundle is proven, the diary is opened); a check
that cannot be made is told, not skipped. Refuses to change anything: nothing is created, downloaded or repaired.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import platformdirs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.config import Camera, Config
from edge.encoder import open_encoder
from edge.encoder.explain import explain
from edge.errors import QuietstepError
from edge.sense.pose_model import cached, check_given
from edge.sense.sources import is_live

LEAST_FREE_BYTES = 200 * 1024 * 1024
_MINUTE_S = 60


class Finding(msgspec.Struct, frozen=True):
    """One check: its name, whether it is in order, what was found, and what to do if it is not."""

    name: str
    ok: bool
    found: str
    do: str = ""


def examine(config: Config, console: Console, *, as_json: bool) -> bool:
    """Run every check and print the findings; True when all are in order."""
    findings = [finding for name, check in _checks(config) for finding in _guarded(name, check)]
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        console.print(_table(findings))
    return all(finding.ok for finding in findings)


Check = Callable[[], Finding | list[Finding]]


def _checks(config: Config) -> list[tuple[str, Check]]:
    checks: list[tuple[str, Check]] = [
        ("python", _python),
        ("network lock", _lock),
        ("pose estimator", _mediapipe),
        ("pose model", lambda: _pose_model(config)),
        ("affect model", lambda: _model(config)),
        ("updates", lambda: _updates(config)),
        ("diary", lambda: _diary(config)),
        ("pause and consent", lambda: _state(config)),
        ("disk", lambda: _disk(config)),
    ]
    if not config.camera:
        checks.append(("cameras", lambda: Finding("cameras", False, "none configured", _HOW_TO_ADD)))
    return checks + [(f"camera {camera.place}", lambda camera=camera: _camera(camera)) for camera in config.camera]


_HOW_TO_ADD = 'Write quietstep.toml with [[camera]], place = "hall", source = "0", or give run --source.'


def _guarded(name: str, check: Check) -> list[Finding]:
    try:
        found = check()
        return found if isinstance(found, list) else [found]
    except QuietstepError as error:
        return [Finding(name, False, error.found, error.do)]
    except (OSError, subprocess.SubprocessError) as error:
        return [Finding(name, False, f"could not be checked ({error})", "Run this again with --debug.")]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), version, "Use Python 3.11 or newer.")


def _lock() -> Finding:
    """Load the very lock of the eyes in a process of its own."""
    done = _in_child("from edge.sense.lock import lock_out_network as lock; lock()")
    found = "internet sockets can be refused" if done.returncode == 0 else _last_line(done.stderr)
    return Finding("network lock", done.returncode == 0, found, "Install libseccomp2; the kernel must have seccomp.")


def _mediapipe() -> Finding:
    """Import MediaPipe locked in, as the eyes do."""
    done = _in_child(
        "from edge.sense.lock import lock_out_network as lock; lock()\n"
        "from mediapipe.tasks.python import vision; import mediapipe; print(mediapipe.__version__)"
    )
    found = f"MediaPipe {done.stdout.strip()}, locked in" if done.returncode == 0 else _last_line(done.stderr)
    return Finding("pose estimator", done.returncode == 0, found, "Install libgl1 libegl1 libgles2 with apt.")


def _in_child(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=_MINUTE_S, check=False)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no answer"


def _pose_model(config: Config) -> Finding:
    if config.pose_model:
        return Finding("pose model", True, str(check_given(config.pose_model)))
    path = cached(Path(platformdirs.user_cache_dir("quietstep")))
    return Finding("pose model", path is not None, str(path or "not assembled yet"), "Run: quietstep pose-model")


def _model(config: Config) -> list[Finding]:
    """Climb the ladder as the monitor does (an engine that is not stored yet is built, and not kept)."""
    settings = msgspec.structs.replace(config.encoder.ladder, keep_engines=False)
    encoder = open_encoder(config.bundle, settings)
    try:
        trial = encoder.trial
        proof = f"golden answers within {trial.gap:.1e}, {1000 * trial.cycle_s:.2f} ms a cycle"
        model = Finding("affect model", True, f"{encoder.model_id} on {encoder.rung} in {encoder.precision}, {proof}")
        told = explain(settings.rungs, encoder.rung, encoder.refused)
        return [model, *(Finding(f"rung {rung}", True, sentence) for rung, sentence in told)]
    finally:
        encoder.close()


def _diary(config: Config) -> Finding:
    if not config.diary.exists():
        return Finding("diary", True, f"none yet; the first run creates {config.diary}")
    from edge.diary.store import Store  # noqa: PLC0415  (SQLCipher only where there is a diary)

    with Store.read_only(config.diary, config.key) as store:
        return Finding("diary", True, f"{len(store.rows())} rows in {config.diary}, opens with {config.key}")


def _state(config: Config) -> Finding:
    from edge.consent import refusal, stands  # noqa: PLC0415  (SQLCipher only where it is looked at)
    from edge.state import read_state  # noqa: PLC0415

    state = read_state(config.state)
    live = any(is_live(camera.source) for camera in config.camera)
    paused = f", {len(state.pauses)} pauses" if state.pauses else ""
    if stands(state.consents):
        return Finding("pause and consent", True, f"accepted by {state.consents[-1].name}{paused}")
    return Finding("pause and consent", not live, refusal(state.consents).found + paused, "Run: quietstep consent")


def _updates(config: Config) -> Finding:
    from edge.update_commands import model_status, status_lines  # noqa: PLC0415  (SQLCipher only where it is looked at)

    now = model_status(config)
    return Finding("updates", now.error is None, status_lines(config, now)[0], now.error or "")


def _disk(config: Config) -> Finding:
    folder = next(path for path in (config.data_dir, *config.data_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    return Finding("disk", free > LEAST_FREE_BYTES, found, "Free at least 0.2 GB.")


def _camera(camera: Camera) -> Finding:
    name = f"camera {camera.place}"
    if camera.source.isdigit():
        device = Path(f"/dev/video{camera.source}")
        do = f"Plug it in, or use one of: {', '.join(map(str, sorted(Path('/dev').glob('video*')))) or 'none found'}."
        return Finding(name, device.exists(), str(device), do)
    if "://" in camera.source or camera.source.startswith("synthetic:"):
        return Finding(name, True, "opened only by run")
    return Finding(name, Path(camera.source).is_file(), camera.source, "Check the path of the video file.")


def _table(findings: list[Finding]) -> Table:
    table = Table(title="Quietstep on this machine", title_justify="left", show_edge=False)
    for column in ("", "what", "found, and what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark = Text("ok", "green") if finding.ok else Text("no", "bold red")
        found = Text(finding.found)
        if not finding.ok:
            found.append(f"\n{finding.do}", "bold")
        table.add_row(mark, Text(finding.name, no_wrap=True), found)
    return table
