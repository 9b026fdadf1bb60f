"""The page's language: gettext catalogues read from their .po files, and dates and numbers by babel.

Promises: English is in the code, other languages in ``locale/<language>.po``, compiled when the page starts, so that no
compiled file can be older than its source; a text without a translation is English. Refuses a language without a file.
"""

import gettext
import io
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_decimal_symbol

FOLDER: Final = Path(__file__).with_name("locale")
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
_LOCALES: Final = {"en": "en_GB", "de": "de"}


class Words:
    """One language, and the household's zone."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self.language = language
        self.zone = zone
        self._locale = Locale.parse(_LOCALES[language])
        self._decimal = str(get_decimal_symbol(self._locale))
        self._texts = _catalogue(language)

    def say(self, text: str, /, **values: object) -> str:
        """A text, with its values."""
        said = self._texts.gettext(text)
        return said % values if values else said

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """A text in the number that fits ``n``, which is a value of it, too."""
        return self._texts.ngettext(one, many, n) % ({"n": self.whole(n)} | values)

    def whole(self, n: int) -> str:
        """A whole number."""
        return str(format_decimal(n, locale=self._locale))

    def day(self, day: date) -> str:
        """Tue 3 Nov."""
        return str(format_skeleton("MMMEd", _noon(day), locale=self._locale)).replace(",", "")

    def short_day(self, day: date) -> str:
        """3 Nov."""
        return str(format_skeleton("MMMd", _noon(day), locale=self._locale))

    def long_day(self, day: date) -> str:
        """Tuesday, 3 November 2026."""
        return str(format_date(day, "full", locale=self._locale))

    def span(self, first: date, last: date) -> str:
        """Thu 19 Nov to Wed 25 Nov 2026."""
        return self.say("%(first)s to %(last)s", first=self.day(first), last=f"{self.day(last)} {last.year}")

    def weekday(self, weekday: int) -> str:
        """Mon; 0 is Monday."""
        return str(self._locale.days["format"]["abbreviated"][weekday])

    def moment(self, t_s: float) -> str:
        """Date and time in the household's zone."""
        local = datetime.fromtimestamp(t_s, self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}"

    def moment_of_year(self, t_s: float) -> str:
        """The same with its year, where it may be long ago."""
        local = datetime.fromtimestamp(t_s, self.zone)
        return f"{self.day(local.date())} {local:%Y, %H:%M}"

    def date_of(self, t_s: float) -> str:
        """Its day in the household's zone, with the year."""
        return self.long_day(datetime.fromtimestamp(t_s, self.zone).date())

    def score(self, value: float) -> str:
        """+0.12, with a real minus; a value that rounds to nothing has no sign."""
        text = f"{abs(value):.2f}".replace(".", self._decimal)  # babel's own is slow, and a chart says hundreds
        sign = "" if round(value, 2) == 0 else "+" if value > 0 else "−"
        return f"{sign}{text}"

    def between(self, low: float, high: float) -> str:
        """An interval."""
        return self.say("between %(low)s and %(high)s", low=self.score(low), high=self.score(high))

    def percent(self, share: float) -> str:
        """61 %."""
        return f"{100 * share:.0f}\u202f%"

    def hours(self, n_minutes: int) -> str:
        """Hours, or minutes where they are few."""
        if n_minutes < 120:
            return self.count("%(n)s minute", "%(n)s minutes", n_minutes)
        return self.count("%(n)s hour", "%(n)s hours", round(n_minutes / 60))


def marked(text: str) -> str:
    """Marks a text for translation that is said elsewhere."""
    return text


def best_language(wanted: str, accepted: str, default: str | None) -> str:
    """The language asked for, else the home's, else what the browser accepts, else English."""
    for language in (wanted, default):
        if language in LANGUAGES:
            return str(language)
    tags = [tag.partition(";")[0].strip().replace("-", "_") for tag in accepted[:200].split(",")]
    found = negotiate_locale([tag.partition("_")[0].lower() for tag in tags if tag], list(LANGUAGES))
    return str(found or "en")


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)


@cache
def _catalogue(language: str) -> Any:
    if language == "en":
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
