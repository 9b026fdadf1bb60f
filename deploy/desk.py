"""What every command that changes a repository starts from: the repository, its drafts, this person's keys, the time.

Promises: a command finds drafts that already landed cleared away. ``finish`` shows a complete draft to devices if the
online keys are here, and otherwise says who is needed next. Refuses to act without a single key of the role: then
nobody could sign for the act in the audit log.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from securesystemslib.signer import Signer

from deploy.audit import Deed, note
from deploy.drafts import read_drafts
from deploy.held import Document, Held, next_document, read_held
from deploy.keys import KeyBook, KeyRing, read_book
from deploy.landing import Signing, lacking, land, ready
from deploy.layout import Layout, alone, opened
from deploy.roles import ONLINE, ROLES
from edge.errors import DeployKeyError


class Outcome(msgspec.Struct, frozen=True):
    """What a command did, sentence by sentence, whether devices see it, and what is to be done next."""

    did: tuple[str, ...]
    shown: bool
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, with which keys, and when."""

    who: str
    ring: KeyRing
    now: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """One command's view of a repository."""

    layout: Layout
    person: Person
    book: KeyBook
    held: Held

    def signers(self, role: str, among: Sequence[str] | None = None) -> list[Signer]:
        """This person's signers for a role; ``among`` are key ids if they are others than those shown now."""
        public = self.held.public_keys(role)
        notes = [each for each in self.book.of_role(role) if each.keyid in (public if among is None else among)]
        return self.person.ring.signers(notes, public, ROLES[role].online)

    def one_signer(self, role: str) -> Signer:
        """The first of them; raises DeployKeyError without any."""
        signers = self.signers(role)
        if not signers:
            do = "Name its folder with --keys, or a token's or service's key with --key."
            raise DeployKeyError(f"no key of {role} here", "at least one", do)
        return signers[0]

    def record(self, act: str, detail: tuple[str, ...], signer: Signer) -> None:
        """Write the act into the audit log, before it is done."""
        note(self.layout, Deed(self.person.who, act, detail), signer, self.person.now)

    def signing(self) -> Signing:
        return Signing(self.layout, self.person.ring, self.book, self.person.now)

    def again(self, role: str) -> Document:
        """The next version of a role's metadata, unsigned, with a whole life before it."""
        return next_document(self.layout, role, self.held.of(role), self.person.now)

    def has_online_keys(self) -> bool:
        """All online roles have a key at hand, as far as can be said without opening it."""
        return all(any(self.person.ring.has(each, online=True) for each in self.book.of_role(role)) for role in ONLINE)

    def finish(self, did: tuple[str, ...]) -> Outcome:
        """Show the drafts if they are complete and the online keys are here; else say what is next."""
        drafts = live_drafts(self.layout, self.held)
        missing, landing = lacking(self.held, drafts), ready(self.held, drafts)
        if not landing:
            do = f"The next person: quietstep-deploy sign --repo {self.layout.folder} --keys FOLDER"
            return Outcome((*did, *missing), shown=False, next=(do,))
        refresh = f"Where the online keys are: quietstep-deploy refresh --repo {self.layout.folder} --keys FOLDER"
        if not self.has_online_keys():
            return Outcome((*did, "Signed by enough people."), shown=False, next=(refresh,))
        try:
            land(self.signing(), self.held, landing)
        except DeployKeyError as error:  # the drafts and their signatures stay in flight
            return Outcome((*did, f"Signed by enough people, but not shown: {error}"), shown=False, next=(refresh,))
        return Outcome((*did, f"Devices see {' and '.join(landing)} from now on.", *missing), shown=True)


def sit_down(folder: Path, person: Person) -> Desk:
    """A desk at an existing repository, to read from; raises DeployError."""
    layout = opened(folder)
    return Desk(layout, person, read_book(layout), read_held(layout))


@contextlib.contextmanager
def seated(folder: Path, person: Person) -> Iterator[Desk]:
    """A desk to work at, alone; drafts that landed before a power cut are cleared away. Raises DeployError."""
    with alone(opened(folder)):
        desk = sit_down(folder, person)
        for role, draft in read_drafts(desk.layout).items():
            if draft.signed.version <= desk.held.of(role).signed.version:
                desk.layout.remove(desk.layout.draft(role))
        yield desk


def live_drafts(layout: Layout, held: Held) -> dict[str, Document]:
    """Drafts that are not shown yet."""
    drafts = read_drafts(layout)
    return {role: draft for role, draft in drafts.items() if draft.signed.version > held.of(role).signed.version}
