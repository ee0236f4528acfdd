"""How systems hand out long lists: each way says what follows a page, and `pages` does the asking."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from urllib.parse import urljoin

from requests.utils import parse_header_links

from crossroads.errors import ConfigError
from crossroads.protocols.answers import Answer
from crossroads.protocols.legible import reading

Params = Mapping[str, Any]
Ask = Callable[[str, Params | None], Answer]
Records = list[dict[str, Any]]


class Step(NamedTuple):
    """The next thing to ask for."""

    path: str
    params: Params | None


class Paging(Protocol):
    """One way of handing out pages."""

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Return what to ask for after this page, or None after the last one."""

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """Tell, of a page after which nothing is asked for, whether the system itself says that it is the last."""


class Page(NamedTuple):
    """The records of one answer; nothing follows the `last`, and if it is the `end`, the system said so."""

    records: Records
    answer: Answer
    last: bool
    end: bool = False


def pages(ask: Ask, path: str, params: Params | None, paging: Paging, items: str = "") -> Iterator[Page]:
    """Yield page after page; `items` is the dotted place of the list, empty if the answer is the list."""
    step: Step | None = Step(path, params)
    seen: list[Step] = []
    while step is not None:
        answer = ask(step.path, step.params)
        records = listed(answer.body, items, path)
        with reading(path.split("?")[0]):
            after = paging.next(step, answer, records)
            end = after is None and paging.ended(step, answer, records)
        if after is not None and after in (*seen, step):
            raise ConfigError(
                f"{path.split('?')[0]}: the system hands out the same page again; its list has no end."
            )
        seen = [*seen[-2:], step]
        step = after
        yield Page(records, answer, last=step is None, end=end)


def listed(body: Any, items: str, path: str) -> Records:
    """Return the records at a dotted place of an answer, none if nothing is there; raise if it is no list of records."""
    found = place(body, items)
    if found is None and (body is None or isinstance(body, dict)):
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ConfigError(
            f"{path.split('?')[0]}: expected a list at {items or 'the top'!r} of the answer, and records in it."
        )
    return found


def place(body: Any, dotted: str) -> Any:
    """Return what lies at a dotted place of a decoded answer, None where the way ends.

    >>> place({"a": {"b": 1}}, "a.b"), place({"a": None}, "a.b"), place([1], "")
    (1, None, [1])
    """
    for name in dotted.split(".") if dotted else ():
        body = body.get(name) if isinstance(body, dict) else None
    return body


@dataclass(frozen=True, slots=True)
class SinglePage:
    """Everything comes in one answer."""

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Nothing follows."""
        return None

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """That it is all is what this way of paging says."""
        return True


@dataclass(frozen=True, slots=True)
class LinkHeader:
    """RFC 8288 `Link` header; Mastodon pages forward by rel="prev"."""

    rel: str = "next"

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Follow the link, as long as pages hold anything: Mastodon always offers a `prev`."""
        header = answer.headers.get("Link") or ""
        for link in parse_header_links(header) if header and records else ():
            if link.get("rel") == self.rel:
                return Step(link["url"], None)
        return None

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """A page without a further link is the last, and so is one with nothing on it."""
        return True


@dataclass(frozen=True, slots=True)
class JsonUrl:
    """The answer holds the address of the next page (Salesforce `nextRecordsUrl`, OData V2 `d.__next`).

    `done` is the place that is true at the end, where there is one.
    """

    at: str
    done: str | None = None

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Follow the address, which may be relative to the host."""
        url = place(answer.body, self.at)
        return Step(urljoin(answer.url, url), None) if url else None

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """No address follows, and `done` does not gainsay it."""
        return self.done is None or place(answer.body, self.done) is True


@dataclass(frozen=True, slots=True)
class JsonCursor:
    """The answer holds a cursor that goes back as a parameter; `more`, a place, is false at the end."""

    at: str
    param: str
    more: str | None = None

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Ask again with the cursor."""
        cursor = place(answer.body, self.at)
        if not cursor or (self.more and not place(answer.body, self.more)):
            return None
        return Step(asked.path, {**(asked.params or {}), self.param: cursor})

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """No cursor follows; where `more` should be false, it has to be said, and not only be missing."""
        return self.more is None or place(answer.body, self.more) is False


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Numbered pages until an empty one, or until the place or header `total_pages` is reached."""

    param: str = "page"
    first: int = 1
    total_pages: str | None = None

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Ask for the next number."""
        number = int((asked.params or {}).get(self.param, self.first))
        if not records:
            return None
        total = self._total(answer)
        if total is not None and number - self.first + 1 >= total:
            return None
        return Step(asked.path, {**(asked.params or {}), self.param: number + 1})

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """The last of the pages that were announced, or an empty one where none were."""
        total = self._total(answer)
        number = int((asked.params or {}).get(self.param, self.first))
        return number - self.first + 1 >= total if total is not None else not records

    def _total(self, answer: Answer) -> int | None:
        if not self.total_pages:
            return None
        total = answer.headers.get(self.total_pages) or place(answer.body, self.total_pages)
        return None if total is None else int(total)


@dataclass(frozen=True, slots=True)
class Offset:
    """Skip what was read; ends at a page shorter than `limit`, or at the place `total`."""

    limit: int
    param: str = "offset"
    limit_param: str = "limit"
    total: str | None = None

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Ask for what lies behind this page."""
        done = int((asked.params or {}).get(self.param, 0)) + len(records)
        total = place(answer.body, self.total) if self.total else None
        if not records or (len(records) < self.limit if total is None else done >= int(total)):
            return None
        return Step(asked.path, {**(asked.params or {}), self.limit_param: self.limit, self.param: done})

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """As many as were announced have come, or a page is empty; one that is merely short proves nothing."""
        done = int((asked.params or {}).get(self.param, 0)) + len(records)
        total = place(answer.body, self.total) if self.total else None
        return not records if total is None else done >= int(total)
