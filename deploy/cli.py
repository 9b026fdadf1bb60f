"""The command line of whoever ships models: ``quietstep-deploy``.

Promises: a bundle is checked by the very reader a home uses, so what passes here is what a home would take; every
command that changes something says what it did and who is needed next. Refuses to print a traceback for anything
expected.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy import cli_keys
from deploy.as_a_device import look
from deploy.demo import run_demo
from deploy.desk import live_drafts, seated
from deploy.drafts import told
from deploy.expiry import expiries
from deploy.layout import opened
from deploy.options import (
    EvaluationFile,
    Json,
    Key,
    Keys,
    Passphrase,
    PolicyFile,
    PrivacyFile,
    Repo,
    Who,
    desk_to_read,
    person,
)
from deploy.policy import DEFAULT
from deploy.publish import Asked, publish
from deploy.refresh import refresh
from deploy.rings import rings, roll_out, stop
from deploy.serve import serving
from deploy.tell import bundle_table, expiry_table, one_sentence, rings_table, tell, tell_json
from deploy.withdraw import withdraw
from edge.bundle import read_bundle

app = typer.Typer(
    help="""For engineers who ship models to homes.

    A release takes three steps, so that no single stolen key reaches a home: PUBLISH (one person packs a bundle and
    signs), SIGN (a second person proves it again and signs), ROLLOUT (the machine with the online keys offers it to a
    share of a ring). REFRESH runs every few hours. `deploy/README.md` is the runbook, for the bad days too.""",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HERE = Path()


@app.callback()
def _ship() -> None:
    """Sign what is shipped."""


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The bundle's folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print the manifest for machines.")] = False,
) -> None:
    """Prove every file of a bundle as a home would, and show what it says of itself."""
    with one_sentence():
        manifest = read_bundle(folder).manifest
    if json:
        return tell_json(manifest)
    Console().print(bundle_table(manifest))
    return None


@app.command("publish")
def publish_(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder.")],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    policy: PolicyFile = DEFAULT,
    evaluation: EvaluationFile = None,
    privacy: PrivacyFile = None,
    because: Annotated[str, typer.Option(help="Why a worse model goes out; stays readable for ever.")] = "",
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """First person: prove a bundle, hold it against the policy and the release before, pack it, sign for it.

    Devices see nothing before a second person ran `sign`, and no home is offered it before `rollout`.
    """
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(publish(desk, Asked(bundle, policy, evaluation, privacy, because)), json)


@app.command()
def rollout(
    ring: Annotated[str, typer.Argument(help="Group of homes that get a release together, e.g. friends.")],
    target: Annotated[str, typer.Argument(help="ID-VERSION of a release, e.g. reference-2.0.0.")],
    share: Annotated[int, typer.Option(min=0, max=100, help="Percent of the ring's homes; the same homes first.")],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Offer a signed release to a share of a ring; raise the share step by step. Needs the online keys only."""
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(roll_out(desk, ring, target, share), json)


@app.command("stop")
def stop_(
    ring: Annotated[str, typer.Argument(help="The ring.")],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Emergency brake: nobody else in this ring takes its release. Homes that have it keep it."""
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(stop(desk, ring), json)


@app.command("withdraw")
def withdraw_(
    target: Annotated[str, typer.Argument(help="ID-VERSION of a release, e.g. reference-2.0.0.")],
    because: Annotated[str, typer.Option(help="Why; stays readable for ever.")],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Take a release back for good: no home takes it any more, whatever a ring says. Then a second person runs `sign`.

    First `stop` the rings that offer it, which works at once. Homes that have it keep it.
    """
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(withdraw(desk, target, because), json)


@app.command("refresh")
def refresh_(
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Sign the online roles again, and show drafts that enough people signed. For cron: every six hours."""
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(refresh(desk), json)


@app.command()
def status(repo: Repo = HERE, json: Json = False) -> None:
    """What devices see now, what is in flight, and what runs out when."""
    with one_sentence():
        desk = desk_to_read(repo)
        offered, rows = tuple(rings(desk).values()), expiries(desk.held, desk.person.now)
        releases = tuple(sorted(desk.held.releases.signed.targets))
        drafts = live_drafts(desk.layout, desk.held)
        flying = {role: told(role, draft, desk.held, desk.book) for role, draft in drafts.items()}
    if json:
        return tell_json({"releases": releases, "rings": offered, "in_flight": flying, "expiry": rows})
    console = Console()
    console.print(f"Releases: {', '.join(releases) or 'none yet'}", markup=False, highlight=False)
    console.print(rings_table(offered) if offered else "No ring is offered anything.")
    for sentence in (each for sentences in flying.values() for each in sentences):
        console.print(f"In flight: {sentence}", markup=False, highlight=False)
    console.print(expiry_table(rows))
    return None


@app.command()
def verify(
    repo: Repo = HERE,
    root: Annotated[
        Path | None, typer.Option(help="The root a device was built with; else the repository's first.")
    ] = None,
    json: Json = False,
) -> None:
    """Look at the repository as a device does that holds one root and slept ever since: would it take it?"""
    with one_sentence():
        layout = opened(repo)
        seen = look(layout, root or layout.embedded_root)
    if json:
        return tell_json(seen)
    console = Console(soft_wrap=True)
    console.print(f"A device with root {seen.from_root} walks to root {seen.to_root} and takes all of it.")
    console.print(f"Releases: {', '.join(seen.releases) or 'none yet'}", markup=False, highlight=False)
    console.print(rings_table(seen.rings) if seen.rings else "No ring is offered anything.")
    return None


@app.command()
def serve(
    repo: Repo = HERE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on; this machine alone by default.")] = "127.0.0.1",
) -> None:
    """Show the repository's public files on a bench. Homes get theirs from a real web server, by TLS."""
    with one_sentence(), serving(opened(repo), port, host) as server:
        print(f"http://{host}:{server.server_port}/metadata/ and /targets/; Ctrl-C ends it.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Ended.")


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep everything in this new folder; else it is thrown away.")
    ] = None,
) -> None:
    """A publisher, a web server and a device on this machine: a good model, a broken one, and a changed archive."""
    with one_sentence(), tempfile.TemporaryDirectory(prefix="quietstep-deploy-demo-") as folder:
        run_demo(keep.absolute() if keep else Path(folder), Console())


cli_keys.register(app)


def main() -> None:
    """Entry point of the ``quietstep-deploy`` script."""
    app()


if __name__ == "__main__":
    main()
