"""A threshold counts keys, not their names. Pure.

Promises: ``refuse_double_keys`` finds a role that lists one public key under two key ids, so that a single thief could
reach a threshold of two. tuf counts ids, and leaves it to whoever signs the delegation to name each key once.
Refuses such metadata with UpdateRefusedError, whoever signed them.
"""

from collections.abc import Iterable, Mapping

from tuf.api.metadata import Key, Metadata, Role, Root, Targets

from edge.errors import UpdateRefusedError


def refuse_double_keys(contents: Iterable[bytes]) -> None:
    """Raise UpdateRefusedError if a role in any of these accepted metadata has a key twice."""
    for content in contents:
        signed = Metadata.from_bytes(content).signed
        if isinstance(signed, Root):
            _refuse(signed.keys, signed.roles)
        elif isinstance(signed, Targets) and signed.delegations is not None:
            delegations = signed.delegations
            succinct = {"succinct": delegations.succinct_roles} if delegations.succinct_roles else {}
            _refuse(delegations.keys, {**(delegations.roles or {}), **succinct})


def _refuse(keys: Mapping[str, Key], roles: Mapping[str, Role]) -> None:
    for name, role in roles.items():
        materials = [_material(keys[keyid]) for keyid in role.keyids if keyid in keys]
        if len(set(materials)) != len(materials):
            found = f"one key under two ids for the role {name!r}"
            do = "Nothing was changed. Tell whoever publishes the updates."
            raise UpdateRefusedError(found, "each key once, or a threshold means nothing", do)


def _material(key: Key) -> tuple[str, str]:
    """What makes two keys the same: kind and public half; hexadecimal digits and white space have two spellings."""
    public = str(key.keyval.get("public", "")).split()
    return key.keytype, "".join(public).lower() if key.keytype == "ed25519" else "".join(public)
