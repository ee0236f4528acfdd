"""Loading mastodon-mock: accounts by its configuration file, mentions by posting them one after the other."""

import json
from typing import Any

import requests

from sandbox.world.truth import World

OUR_ACCOUNT = "service"
"""The company's own account on the network."""


def configuration(world: World) -> str:
    """A configuration of mastodon-mock with every account and a token for each."""
    accounts: list[tuple[str, str, str]] = [(OUR_ACCOUNT, "", "Customer service")]
    for held in world.held("social"):
        username, _, host = held.key.partition("@")
        person = world.persons[held.person]
        accounts.append((username, host, f"{person.given_name} {person.family_name[0]}."))
    rows = ["[streaming]", "enabled = false"]
    for username, host, shown in accounts:
        # A JSON string without control characters is a TOML string too.
        said = {"username": username, "domain": host, "display_name": shown, "access_token": token(username)}
        rows += ["[[seed.accounts]]"]
        rows += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said.items() if value]
    return "\n".join(rows) + "\n"


def token(username: str) -> str:
    """Return the access token of an account."""
    return f"token-{username}"


def load(base_url: str, world: World) -> dict[str, str]:
    """Post every mention and return the account id of each handle.

    A status in the configuration file would mention nobody: mastodon-mock makes no notification of it.
    """
    accounts: dict[str, str] = {}
    with requests.Session() as session:
        for message in (message for message in world.messages if message.connection == "social"):
            username = message.author.partition("@")[0]
            status = say(session, base_url, username, f"@{OUR_ACCOUNT} {message.text}")
            accounts[message.author] = str(status["account"]["id"])
    return accounts


def say(session: requests.Session, base_url: str, username: str, text: str) -> dict[str, Any]:
    """Post a status as somebody."""
    headers = {"Authorization": f"Bearer {token(username)}"}
    response = session.post(f"{base_url}/api/v1/statuses", json={"status": text}, headers=headers, timeout=30)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer
