"""The forum's members: all of them once, later those who were seen or joined since."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from crossroads.errors import ConfigError
from crossroads.protocols.http import Http
from crossroads.protocols.paging import PageNumber, pages
from crossroads.records import Batch, Record, State, Stream

_PATH = "/admin/users/list/active.json"


class Members:
    """The administrators' user list.

    It knows no "changed since". Who changes something is seen doing it, so an incremental run reads the
    list by last visit and by day of joining, down to the last run. What an administrator changes is not
    seen by it: a full compare is.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield everybody in the order of joining, or those who are new or were here since."""
        if not since or "page" in since.cursor:
            yield from self._everybody(stream, since)
        else:
            yield from self._since(stream, since)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield members by id: the single record has the name, and only the list, asked for that name, the address."""
        for key in keys:
            told = one(self._http, f"/admin/users/{key}.json")
            if told is None:
                continue
            params = {"filter": told["username"], "show_emails": "true"}
            listed = self._http.get(_PATH, params).records
            found = [member for member in listed if member["id"] == told["id"]]
            yield {**told, **found[0]} if stream.options.get("details") and found else (found or [told])[0]

    def _everybody(self, stream: Stream, since: State) -> Iterator[Batch]:
        first = int(since.cursor.get("page", 1))
        joined, seen = str(since.cursor.get("joined", "")), str(since.cursor.get("seen", ""))
        params = {"order": "created", "asc": "true", "show_emails": "true", "page": first}
        known: set[Any] = set()
        for number, page in enumerate(pages(self._http.get, _PATH, params, PageNumber(first=first)), first):
            # A member who joins meanwhile comes last, and when one is deleted all later ones move up.
            fresh = [member for member in page.records if member["id"] not in known]
            known.update(member["id"] for member in fresh)
            joined = max([joined, *(str(member["created_at"]) for member in page.records)])
            seen = max([seen, *(str(member["last_seen_at"] or "") for member in page.records)])
            state = {"joined": joined, "seen": seen} | ({} if page.last else {"page": number + 1})
            yield Batch(self._people(stream, fresh), State(state), last=page.end and first == 1)

    def _since(self, stream: Stream, since: State) -> Iterator[Batch]:
        overlap = timedelta(seconds=float(stream.options["overlap_seconds"]))
        found: dict[Any, Record] = {}
        reached = dict(since.cursor)
        for name, order, field in (("joined", "created", "created_at"), ("seen", "seen", "last_seen_at")):
            floor = _less(str(since.cursor.get(name, "")), overlap)
            params = {"order": order, "show_emails": "true", "page": 1}
            for page in pages(self._http.get, _PATH, params, PageNumber()):
                new = [member for member in page.records if str(member[field] or "") > floor]
                found.update((member["id"], member) for member in new)
                reached[name] = max([str(reached.get(name, "")), *(str(member[field]) for member in new)])
                if len(new) < len(page.records):
                    break
        yield Batch(self._people(stream, sorted(found.values(), key=lambda each: each["id"])), State(reached))

    def _people(self, stream: Stream, listed: list[Record]) -> list[Record]:
        """Leave out the software's own accounts, whose ids are below 1; add details where they are wanted."""
        people = [member for member in listed if member["id"] > 0]
        _check_addresses(people)
        if not stream.options.get("details"):
            return people
        return list(self._http.in_order(self._detailed, people))

    def _detailed(self, member: Record) -> Record:
        # The list has the e-mail address, the single record, if it was not deleted since, the single sign-on id.
        return {**(one(self._http, f"/admin/users/{member['id']}.json") or {}), **member}


def one(http: Http, path: str) -> Record | None:
    """Return a single record, None if it is not there."""
    answer = http.request("GET", path, allow=(404, 410))
    found: Record | None = answer.body if answer.status < 400 else None
    return found


def _less(text: str, overlap: timedelta) -> str:
    if not text:
        return ""
    moment = datetime.fromisoformat(text) - overlap
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check_addresses(people: list[Record]) -> None:
    if people and not any("email" in member for member in people):
        raise ConfigError(
            "The forum lists members without e-mail addresses. Use an API key of an administrator."
        )
