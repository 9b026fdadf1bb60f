"""What ``quietstep review`` and ``quietstep account`` do: from the settings to the page's own values, then to the page.

Promises: the page itself never sees the settings file's cameras but their places. Refuses to start without the extra
"review", with the sentence that says how to get it.
"""

import os
from dataclasses import replace

import typer
from rich.console import Console

from edge.config import Config
from edge.errors import ConfigError
from edge.review.home import Home, Serving, Watched
from edge.sense.sources import is_live
from edge.update_commands import files_of


def home_of(config: Config) -> Home:
    """What the page may know of a home."""
    watched = tuple(Watched(camera.place, is_live(camera.source)) for camera in config.camera)
    return Home(
        config.diary,
        config.key,
        config.state,
        config.running_note,
        config.data_dir / "review.db",
        config.zone,
        watched,
        config.settings,
        config.keeping.retention,
        files_of(config),
    )


def serving_of(config: Config, address: str | None, port: int | None) -> Serving:
    """How to serve it: the settings, and what the command line says in their place."""
    own = config.review
    serving = Serving(own.address, own.port, own.certificate, own.private_key, own.names, own.language)
    return replace(serving, address=address or serving.address, port=port or serving.port)


def review_command(config: Config, console: Console, *, address: str | None, port: int | None) -> None:
    """Serve until Ctrl-C."""
    serving = serving_of(config, address, port)
    try:
        from edge.review.serve import serve
    except ModuleNotFoundError as error:
        raise _no_extra(error) from None
    scheme = "https" if serving.has_tls else "http"
    host = f"[{serving.address}]" if ":" in serving.address else serving.address
    told = f"{scheme}://{host}:{serving.port}/ (Ctrl-C ends it)"
    serve(home_of(config), serving, lambda: console.print(told, highlight=False))


def account_command(config: Config, console: Console, act: str, name: str | None, role: str) -> None:
    """List, add or remove who may sign in."""
    try:
        from edge.review.accounts import Accounts, refuse_name, refuse_password
    except ModuleNotFoundError as error:
        raise _no_extra(error) from None
    accounts = Accounts(config.data_dir / "review.db")
    if act == "list":
        for account in accounts.all():
            console.print(f"{account.name}  {account.role}", highlight=False)
        return
    if name is None:
        raise ConfigError("no name", "whose account it is", "Name it: quietstep account add anna.")
    if act == "remove":
        if not accounts.remove(name):
            raise ConfigError(f"no account {name!r}", "one of `quietstep account list`", "Nothing was changed.")
        console.print(f"{name} cannot sign in any more.", highlight=False)
        return
    refuse_name(name)
    password = os.environ.get("QUIETSTEP_NEW_PASSWORD") or str(
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    refuse_password(password)
    accounts.put(name, role, password)  # type: ignore[arg-type]
    console.print(
        f"{name} may sign in as {role}. A page that runs asks for it from its next start on.", highlight=False
    )


def _no_extra(error: ModuleNotFoundError) -> ConfigError:
    return ConfigError(
        f"no {error.name} on this machine", "what the page needs, which is an extra", "pip install 'quietstep[review]'"
    )
