"""Exports read by a validator that is not fhir.resources: `python -m tests.bench.fhir_validator`.

The library `fhir` of npm (R4's own structure definitions in it, no network): `npm install fhir@4.12.0` in a folder of
its own, which QUIETSTEP_FHIR_JS names; node on PATH. Hours, days and weeks, of a home and of a demonstration, with and
without a subject; and one export that was spoilt, which it must refuse. Promises its verdict and every kind of message
once, with how often. Refuses to judge its warnings.
"""

import json
import os
import random
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

from edge.diary.export.fhir import About, fhir_bytes
from edge.diary.export.lines import By, lines_of
from tests.bench.diary import rows_of

SCRIPT = """
const { Fhir } = require("fhir");
const read = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(new Fhir().validate(read, { errorOnUnexpected: true })));
"""
BYS: tuple[By, ...] = ("hour", "day", "week")
OUR_CODE = re.compile(r'Code "[\w-]+" \(urn:uuid:[\w-]+\)')


def export(by: By, kind: str, subject: str | None) -> bytes:
    """Thirty hours of three places."""
    about = About(kind, "0.1", datetime.now(UTC).replace(microsecond=0), uuid4(), subject)
    return fhir_bytes(lines_of(list(rows_of(30, random.Random(1))), by, UTC), UTC, about)


def verdict(bundle: bytes, folder: str) -> tuple[bool, Counter[str]]:
    """Valid or not, and its messages by kind."""
    done = subprocess.run(["node", "-e", SCRIPT], input=bundle, capture_output=True, check=True, cwd=folder)
    said = json.loads(done.stdout)
    messages = (f"{m['severity']}: {OUR_CODE.sub('a code of ours', m['message'])}" for m in said["messages"])
    return said["valid"], Counter(messages)


def main() -> None:
    """Each export in turn, then the spoilt one."""
    folder = os.environ.get("QUIETSTEP_FHIR_JS")
    if folder is None:
        print("QUIETSTEP_FHIR_JS names no folder in which `npm install fhir@4.12.0` was run.")
        return
    for by, kind, subject in product(BYS, ("home", "demo"), (None, "Patient/123")):
        valid, messages = verdict(export(by, kind, subject), folder)
        print(f"{by}, {kind}, subject {subject}: {'valid' if valid else 'NOT VALID'} {dict(messages)}")
    spoilt = export("day", "home", None).replace(b'"status":"final"', b'"status":"finished"', 1)
    valid, messages = verdict(spoilt, folder)
    print(f"spoilt: {'TAKEN FOR VALID' if valid else 'refused'} {[m for m in messages if m.startswith('error')]}")


if __name__ == "__main__":
    main()
