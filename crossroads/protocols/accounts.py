"""Whose calls a system counts together: the budget of one system and credential."""

from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from crossroads.connector import Settings
from crossroads.manifest import Manifest
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import IN_MEMORY, Counters

_USERS = {"user", "username", "api_username", "client_id", "account"}


def budget(manifest: Manifest, settings: Settings, calls: str | None = None) -> Budget:
    """Return the budget of one connection: the same for all that the system counts together."""
    limits = {
        word: told if isinstance(told, int) else int(getattr(settings, told))
        for word, told in manifest.limits.budget.items()
    }
    counters = Counters(calls or IN_MEMORY)
    return Budget(
        limits, name=account(manifest, settings), title=title(manifest, settings), counters=counters
    )


def account(manifest: Manifest, settings: Settings) -> str:
    """Return the name under which calls are counted: a digest, from which no address or secret can be read."""
    mine = [f"{name}={_plain(getattr(settings, name, None))}" for name in _told_apart_by(manifest)]
    return blake2b(
        "\n".join([manifest.name, *mine]).encode(), digest_size=8, person=b"call budget"
    ).hexdigest()


def title(manifest: Manifest, settings: Settings) -> str:
    """Return what people call a system: its name and host."""
    address = next((n for n, one in manifest.settings.items() if one.type == "url"), None)
    host = urlsplit(str(getattr(settings, address, ""))).netloc.rpartition("@")[2] if address else ""
    return f"{manifest.name} at {host}" if host else manifest.name


def _told_apart_by(manifest: Manifest) -> list[str]:
    if manifest.limits.per:
        return sorted(manifest.limits.per)
    kinds = {name: one.type for name, one in manifest.settings.items()}
    who = sorted(set(kinds) & _USERS) or sorted(n for n, kind in kinds.items() if kind == "secret")
    return [*sorted(name for name, kind in kinds.items() if kind == "url"), *who]


def _plain(value: Any) -> str:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return text.rstrip("/").lower() if text.startswith(("http://", "https://")) else text
