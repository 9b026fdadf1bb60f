"""What the diary's own commands do, and how they say it.

Promises: before something goes for good it says how much; afterwards what was found and what it cannot do. Reads the
clock and the machine's zone, which the diary itself does not. Refuses a zone that it does not know.
"""

import time
from datetime import tzinfo
from pathlib import Path
from typing import Literal

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from edge.config import Config
from edge.diary import receipts
from edge.diary.day_rows import known_days
from edge.diary.days import WEEK_DAYS
from edge.diary.erase import LIMITS, Erased, count, erase_all, erase_span
from edge.diary.keeping import backup_diary, look_at_backup, restore_diary, rotate_key
from edge.diary.soundness import check_diary
from edge.diary.span import Span, local_text, span_of
from edge.diary.store import DiaryReader
from edge.errors import ConfigError, DiaryDamagedError, DiaryError
from edge.review.log_days import By, days_json, days_table, logged
from edge.review.log_table import WIDTH, log_json, log_table
from edge.share_commands import forgetting
from edge.zone import household_zone

DAY_S = 86_400


def zone_of(name: str | None) -> tzinfo | None:
    """The zone of that name; None: none was named."""
    if name is None:
        return None
    try:
        return household_zone(name)
    except ValueError:
        raise ConfigError(f"the zone {name!r}", "one such as Europe/Berlin", "Or leave it out.") from None


def erase_command(
    config: Config,
    asked: tuple[str | None, str | None, str | None],
    zone_name: str | None,
    console: Console,
    *,
    everything: bool,
    yes: bool,
) -> None:
    """Ask, erase, scan, tell; raises DiaryError when something is left."""
    places, now_s = frozenset(camera.place for camera in config.camera), int(time.time())
    if everything:
        if any(asked):
            raise DiaryError("--all together with a stretch", "one of the two", "Leave one out.")
        _ask(f"Erase the whole diary at {config.diary}, its backups in that folder and its key?", yes)
        with forgetting(config):
            _tell(erase_all(config.diary, config.key, now_s, places), None, console, config)
        return
    if not any(asked):
        raise DiaryError("nothing named", "--from, --to, --place or --all", "Name the first day: --from 2026-11-01.")
    zone = zone_of(zone_name) or config.zone
    span = span_of(*asked, zone)
    there = count(config.diary, config.key, span)
    n_open = f" and the open bucket of {there.n_open} places" if there.n_open else ""
    n_days = f", {there.n_days} days of which no hours are left" if there.n_days else ""
    n_notes = f", {there.n_annotations} notes of yours" if there.n_annotations else ""
    what = f"{there.n_rows} rows{n_days}{n_open}{n_notes}"
    _ask(f"Erase {_stretch(span, zone)}: {what}, and the backups in {config.data_dir}?", yes)
    with forgetting(config, span):
        _tell(erase_span(config.diary, config.key, span, now_s, places), zone, console, config)


def _ask(question: str, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _stretch(span: Span, zone: tzinfo | None) -> str:
    where = "all places" if span.place is None else span.place
    return f"{where}, from {local_text(span.from_s, zone)} to {local_text(span.to_s, zone)}"


def _tell(erased: Erased, zone: tzinfo | None, console: Console, config: Config) -> None:
    receipt, found = erased.receipt, erased.found
    what = "everything" if receipt.everything else _stretch(receipt.asked, zone)
    n_days = f", {receipt.n_days} days of which no hours were left" if receipt.n_days else ""
    lines = [f"Erased {what}: {receipt.n_rows} rows{n_days}, {receipt.n_open} open buckets."]
    if receipt.n_annotations:
        lines.append(f"{receipt.n_annotations} notes of yours went with it.")
    if receipt.n_partly:
        lines.append(f"{receipt.n_partly} of them lay only partly inside and went whole.")
    lines += [f"Removed the backup {path}." for path in erased.removed]
    if receipt.key == "destroyed":
        lines.append("The key is destroyed: no copy of this diary, wherever it is, can be read again.")
    if receipt.key == "not ours to destroy":
        lines.append(f"The key at {config.key} is not ours to destroy: destroy it where it comes from.")
    lines.append(f"Looked at {found.n_pages} decrypted pages and {found.n_files} files.")
    lines += [f"Receipt: {receipts.file_of(config.diary)}", "What this cannot do:", *(f"- {limit}" for limit in LIMITS)]
    _say(console, "\n".join(lines))
    if not found.clean:
        not_read = f" (and {', '.join(found.not_read)} could not be read)" if found.not_read else ""
        raise DiaryError(
            f"something of it still in {', '.join(found.where) or 'no file that could be read'}{not_read}",
            "nothing of it in any file of the data folder",
            "Remove or mend what is named, and erase again.",
        )


def log_command(
    config: Config,
    asked: tuple[int, str | None, By | Literal["hour"]],
    zone_name: str | None,
    console: Console,
    *,
    as_json: bool,
) -> None:
    """Print the last days: their rows, or days or weeks. ``asked``: how many days, the place, by what."""
    n_days, place, by = asked
    zone = zone_of(zone_name) or config.zone
    with DiaryReader.open(config.diary, config.key) as reader:
        last_s, kind = reader.last_start_s(), reader.kind()
        more_days = {"hour": 0, "day": 2, "week": 2 + WEEK_DAYS}[by]
        from_s = None if last_s is None else last_s - (n_days + more_days) * DAY_S + 1
        rows, days = reader.rows(from_s), reader.days(from_s)
        gone_s = reader.hours_gone_until_s()
    places = sorted({row.place for row in rows} | {day.place for day in days})
    kept = tuple(row for row in rows if place in (None, row.place))
    kept_days = tuple(day for day in days if place in (None, day.place))
    if place is not None and place not in places:
        raise DiaryError(f"no row of {place!r}", f"one of {', '.join(places) or 'no place yet'}", "Write it so.")
    if by == "hour":
        told, shown = log_json(kept, zone), log_table(kept, zone, kind)
    else:
        stretches = logged(known_days(kept, kept_days, zone), by, n_days)
        told, shown = days_json(stretches), days_table(stretches, kind, by)
    if as_json:
        print(told)
        return
    wide = Console(file=console.file, width=max(console.width, WIDTH))
    wide.print(shown, Text(_retention(config, gone_s, zone), style="dim"))


def _retention(config: Config, gone_s: int | None, zone: tzinfo | None) -> str:
    kept = config.keeping
    said = f"Hours are kept for {kept.keep_hours_days} days, days for {kept.keep_days_years} years, then overwritten."
    if gone_s is None:
        return said
    return f"{said} Of what was before {local_text(gone_s, zone)} only days are left: quietstep log --by day."


def backup_command(config: Config, file: Path, console: Console) -> None:
    """Write a backup and say what it needs."""
    n_rows = backup_diary(config.diary, config.key, file)
    _say(console, f"{n_rows} rows in {file}, proven. It opens with {config.key} only: keep that too, and elsewhere.")


def restore_command(config: Config, file: Path, console: Console, *, yes: bool) -> None:
    """Prove, ask, restore."""
    there = look_at_backup(config.diary, config.key, file)
    lost = {None: "The diary does not open.", 0: "The diary has no row that the backup lacks."}
    said = lost.get(there.n_lost, f"{there.n_lost} rows of the diary are not in the backup and would be gone.")
    _ask(f"{file} is whole and holds {there.n_rows} rows. {said} Restore it?", yes)
    n_again = restore_diary(config.diary, config.key, file)
    again = f" {n_again} rows that had been erased since were erased again." if n_again else ""
    _say(console, f"Restored {there.n_rows - n_again} rows to {config.diary}.{again}")


def rotate_command(config: Config, console: Console, *, yes: bool) -> None:
    """Ask, rotate."""
    _ask("Make a new key? Backups made so far can then not be read any more; those in the data folder go.", yes)
    n_rows = rotate_key(config.diary, config.key)
    _say(console, f"{n_rows} rows written anew; {config.key} is new and the old key destroyed. Make a new backup.")


def check_command(config: Config, console: Console, *, as_json: bool) -> None:
    """Tell what was found; raises DiaryDamagedError when something is not in order."""
    sound = check_diary(config.diary, config.key)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(sound)).decode())
    else:
        state = "not in order" if sound.problems else "whole"
        _say(
            console,
            f"{config.diary}: {state}, {sound.n_rows} rows, {sound.n_minutes} minutes, {sound.n_days} days, "
            f"{sound.n_backups} backups.",
        )
    if sound.problems:
        raise DiaryDamagedError("; ".join(sound.problems), "nothing of that", "Restore a backup, or do as it says.")


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
