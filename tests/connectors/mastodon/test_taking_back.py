"""What was taken back is not shown any more; whether it is really away, the instance is asked by its id."""

from typing import Any

from crossroads.connector import Connector
from crossroads.records import State


def listed(social: Connector[Any], stream: str) -> tuple[set[str], bool]:
    batches = list(social.read(social.streams[stream], State()))
    key = (lambda one: one["status"]["id"]) if stream == "mentions" else (lambda one: one["id"])
    return {key(one) for batch in batches for one in batch.records}, batches[-1].last


def there(social: Connector[Any], stream: str, *keys: str) -> list[str]:
    found = social.fetch(social.streams[stream], keys)
    return [one["status"]["id"] if stream == "mentions" else one["id"] for one in found]


def test_a_mention_that_was_taken_back_is_not_listed_and_not_there(
    instance: Any, social: Connector[Any]
) -> None:
    kept, taken = instance.ask("ana"), instance.ask("bo")
    assert {kept["id"], taken["id"]} <= listed(social, "mentions")[0]
    instance.call("bo", "DELETE", f"/api/v1/statuses/{taken['id']}")
    ids, complete = listed(social, "mentions")
    assert (kept["id"] in ids, taken["id"] in ids, complete) == (True, False, True)
    assert there(social, "mentions", kept["id"], taken["id"]) == [kept["id"]]


def test_a_cleared_notification_hides_a_mention_that_is_there(instance: Any, social: Connector[Any]) -> None:
    said = instance.ask("cem")
    note = next(
        one["id"]
        for one in instance.call("shop", "GET", "/api/v1/notifications")
        if one["status"] and one["status"]["id"] == said["id"]
    )
    instance_answer = instance.call("shop", "POST", f"/api/v1/notifications/{note}/dismiss")
    assert instance_answer == {}
    assert said["id"] not in listed(social, "mentions")[0]
    assert there(social, "mentions", said["id"]) == [said["id"]]


def test_an_account_whose_mentions_are_gone_is_there(instance: Any, social: Connector[Any]) -> None:
    account = instance.ask("ana")["account"]["id"]
    assert there(social, "accounts", account, "999999") == [account]
