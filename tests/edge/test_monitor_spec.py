"""What the supervisor tells the monitor of the household: its zone and how long the diary keeps."""

import shutil
from pathlib import Path

import msgspec

from edge.config import load_config
from edge.monitor_spec import MonitorSpec
from edge.retention import Retention
from edge.service import Service

TOML = """timezone = "Asia/Kolkata"
[diary]
keep_hours_days = 120
[[camera]]
place = "hall"
source = "synthetic:identity=1"
"""


def test_zone_and_retention_of_the_settings_reach_the_monitor(tmp_path: Path) -> None:
    path = tmp_path / "quietstep.toml"
    path.write_text(TOML)
    service = Service(load_config(path, data_dir=tmp_path / "data"), tmp_path / "no.model")
    try:
        spec = msgspec.json.decode(service._monitor_start("ipc:x", "home", False).stdin, type=MonitorSpec)
    finally:
        shutil.rmtree(service.folder)
    assert (spec.zone, spec.retention) == ("Asia/Kolkata", Retention(keep_hours_days=120, keep_days_years=10))
