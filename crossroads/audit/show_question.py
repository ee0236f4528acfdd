"""A question to a steward: in Markdown for Airflow without any value of a person, and what the console shows beside it."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from crossroads.audit.spoken import Speaker
from crossroads.engine import dirty
from crossroads.engine.questions import Question
from crossroads.identity.online.doubtful import Doubt
from crossroads.identity.threshold import belief


def subject(doubt: Doubt, say: Speaker) -> str:
    """Return the question in one line."""
    return say("doubt.subject", a=doubt.a, b=doubt.b)


def markdown(asked: Question, say: Speaker, page: str) -> str:
    """Return what was compared and found, and what each answer does: fields, levels and bits only; `page` has the values."""
    return "\n".join(
        [
            f"{sure(asked.doubt, say)} [{say('doubt.page')}]({page})",
            "",
            f"| {say('doubt.compared')} | {say('doubt.found')} | {say('doubt.bits')} |",
            "|---|---|---:|",
            *(f"| {field} | {level} | {bits} |" for field, level, bits, _ in waterfall(asked, say)),
            "",
            f"**{say('doubt.if_one')}:**",
            "",
            *_effects(asked, say),
            "",
            say("doubt.if_two"),
        ]
    )


def sure(doubt: Doubt, say: Speaker) -> str:
    """Return how sure it is that they are one."""
    return say("doubt.sure", sure=f"{belief(doubt.bits):.1%}", bits=f"{doubt.bits:+.1f}")


def waterfall(asked: Question, say: Speaker) -> Iterator[tuple[str, str, str, float]]:
    """Yield for each row what was compared, what was found, its bits in words and as a number; the last one is their sum."""
    for row in asked.rows:
        yield say.word("field", row.field), say.word("level", row.level), f"{row.bits:+.1f}", row.bits
    total = sum(row.bits for row in asked.rows)
    yield say("doubt.together"), "", f"{total:+.1f}", total


def sides(db: Connection, asked: Question) -> list[tuple[str, Any, Any]]:
    """Return what each of the two records holds, field by field."""
    names = (asked.doubt.a, asked.doubt.b)
    found = {one.address: one.held.holds for one in dirty.at(db, names)}
    a, b = (found.get(name, {}) for name in names)
    return [
        (path, a.get(path), b.get(path))
        for path in sorted({*a, *b})
        if (a.get(path), b.get(path)) != (None, None)
    ]


def _effects(asked: Question, say: Speaker) -> list[str]:
    told = [
        "- " + say("doubt.effect", record=code(record), fields=", ".join(code(one.path) for one in effects))
        for record, effects in groupby(asked.outcome.effects, lambda one: one.record)
    ]
    made = ["- " + say("doubt.made", stream=code(stream)) for stream, _ in asked.outcome.made]
    return told + made or ["- " + say("doubt.nothing")]


def code(name: str) -> str:
    """Return a name from another system as Markdown's code, in which nothing else has a meaning.

    >>> code("shop/customers/a`[b](c)|d")
    "`shop/customers/a'[b](c)/d`"
    """
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
    return f"`{plain.replace('`', chr(39)).replace('|', '/')}`"
