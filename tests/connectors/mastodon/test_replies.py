"""What a reply becomes on the instance."""

from typing import Any

import pytest

from connectors.mastodon.texts import addressed, names_first, narrower, same
from crossroads.connector import Connector
from crossroads.records import Change, Rejected, State, Written


def answer(social: Connector[Any], **record: Any) -> Any:
    (result,) = social.write(social.streams["statuses"], [Change(f"id-{record}", record)])
    return result


@pytest.mark.parametrize(("who", "name"), [("ana", "@ana"), ("bo", "@bo@far.example")])
def test_a_reply_names_its_addressee(social: Connector[Any], instance: Any, who: str, name: str) -> None:
    asked = instance.ask(who)
    result = answer(social, status="On its way.", in_reply_to_id=asked["id"], language="en")
    assert isinstance(result, Written)
    assert result.record is not None
    assert result.record["status"] == "On its way."
    told = instance.call("shop", "GET", f"/api/v1/statuses/{result.key}/source")
    assert told["text"] == f"{name} On its way."
    (status,) = social.fetch(social.streams["statuses"], [result.key])
    assert (status["in_reply_to_id"], status["language"]) == (asked["id"], "en")
    mentioned = instance.call(who, "GET", "/api/v1/notifications", params={"types[]": "mention"})
    assert mentioned[0]["status"]["id"] == result.key


@pytest.mark.parametrize(
    ("asked", "wanted", "published"),
    [
        ("direct", None, "direct"),
        ("direct", "public", "direct"),
        ("private", "unlisted", "private"),
        ("public", "unlisted", "unlisted"),
        ("unlisted", None, "unlisted"),
    ],
)
def test_a_reply_is_read_by_no_more_people_than_its_question(
    social: Connector[Any], instance: Any, asked: str, wanted: str | None, published: str
) -> None:
    question = instance.ask("ana", visibility=asked)
    wish = {"visibility": wanted} if wanted else {}
    result = answer(social, status="Noted.", in_reply_to_id=question["id"], **wish)
    assert result.record["visibility"] == published


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"status": "Hello"}, "in_reply_to_id is missing"),
        ({"status": " ", "in_reply_to_id": "1"}, "empty"),
        ({"status": "Hello", "in_reply_to_id": "1"}, "not there"),
        ({"status": "Hello", "in_reply_to_id": "1", "poll": {}}, "no poll"),
    ],
)
def test_what_cannot_be_a_reply_is_refused(social: Connector[Any], record: dict[str, Any], why: str) -> None:
    result = answer(social, **record)
    assert isinstance(result, Rejected)
    assert why in result.reasons[0]


def test_a_text_that_is_too_long_is_refused_and_not_repeated(social: Connector[Any], instance: Any) -> None:
    result = answer(social, status="secret " * 80, in_reply_to_id=instance.ask("ana")["id"])
    assert isinstance(result, Rejected)
    assert "422" in result.reasons[0]
    assert "secret" not in result.reasons[0]


def test_an_edited_reply_keeps_its_addressee(social: Connector[Any], instance: Any) -> None:
    written = answer(social, status="Tomorrow.", in_reply_to_id=instance.ask("bo")["id"])
    edit = Change("edit", {"status": "Today."}, key=written.key)
    (result,) = social.write(social.streams["statuses"], [edit])
    assert isinstance(result, Written)
    told = instance.call("shop", "GET", f"/api/v1/statuses/{written.key}/source")
    assert told["text"] == "@bo@far.example Today."


def test_only_our_own_answer_to_the_same_status_is_found(social: Connector[Any], instance: Any) -> None:
    asked, other = instance.ask("ana"), instance.ask("ana")
    instance.say("cem", "@ana On its way.", in_reply_to_id=asked["id"])
    answer(social, status="On its way.", in_reply_to_id=other["id"])
    stream = social.streams["statuses"]
    wanted = Change("x", {"status": "On its way.", "in_reply_to_id": asked["id"]})
    assert social.find(stream, wanted) == []
    ours = answer(social, status="On its way.", in_reply_to_id=asked["id"])
    answer(social, status="Another matter.", in_reply_to_id=asked["id"])
    assert [found.key for found in social.find(stream, wanted)] == [ours.key]


def test_authors_come_once_with_their_handle(social: Connector[Any], instance: Any) -> None:
    for _ in range(3):
        instance.ask("bo")
    batches = list(social.read(social.streams["accounts"], State()))
    handles = [account["acct"] for batch in batches for account in batch.records]
    assert sorted(handles) == ["ana", "bo@far.example", "cem"]
    instance.ask("cem")
    later = social.read(social.streams["accounts"], batches[-1].state)
    assert [account["acct"] for batch in later for account in batch.records] == ["cem"]


def test_mentions_come_oldest_first_and_nothing_else(social: Connector[Any], instance: Any) -> None:
    state = list(social.read(social.streams["mentions"], State()))[-1].state
    asked = [instance.ask(who)["id"] for who in ("ana", "bo", "cem")]
    instance.call("ana", "POST", f"/api/v1/statuses/{instance.say('shop', 'News')['id']}/favourite")
    found = [one for batch in social.read(social.streams["mentions"], state) for one in batch.records]
    assert [one["status"]["id"] for one in found] == asked


def test_small_print() -> None:
    """The corners of `texts` that a conversation seldom reaches."""
    assert addressed("Dear @ana@far.example", {"acct": "ana"}) == "@ana Dear @ana@far.example"
    assert names_first("@ana") == ""
    assert narrower("unheard of", None) == "direct"
    assert same("@a 1 < 2", "<p>@a 1 &lt; 2</p>")
    assert not same("Yes", "<p>@a No</p>")
