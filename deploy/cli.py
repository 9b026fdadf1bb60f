"""The command line of whoever ships models: ``quietstep-deploy``.

Promises: a bundle is checked by the very reader a home uses, so what passes here is what a home would take. Refuses
to publish: signing and publishing come with the update repository, which this version does not have.
"""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from edge.bundle import Figure, Manifest, read_bundle
from edge.errors import QuietstepError

app = typer.Typer(
    help="For engineers who ship models to homes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _ship() -> None:
    """Check what would be shipped."""


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The bundle's folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print the manifest for machines.")] = False,
) -> None:
    """Prove every file of a bundle as a home would, and show what it says of itself."""
    try:
        manifest = read_bundle(folder).manifest
    except QuietstepError as error:
        Console(stderr=True).print(f"quietstep-deploy: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    if json:
        print(msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode())
    else:
        Console().print(_table(manifest))


def _table(manifest: Manifest) -> Table:
    table = Table(title=f"{manifest.id} {manifest.version}: every file proven", title_justify="left", show_edge=False)
    for column in ("figure", "value", "interval", "how"):
        table.add_column(column, overflow="fold")
    for figure in (*manifest.evaluation, *manifest.privacy):
        table.add_row(figure.name, f"{figure.value:.3f}", _interval(figure), figure.note)
    for source in manifest.provenance:
        table.add_row("data", "", "", source)
    return table


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.3f} to {figure.high:.3f}"


def main() -> None:
    """Entry point of the ``quietstep-deploy`` script."""
    app()


if __name__ == "__main__":
    main()
