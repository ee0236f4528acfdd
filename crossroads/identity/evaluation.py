"""How good a clustering is, held against the truth: by pairs, and by records (B-cubed)."""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import NamedTuple


class Quality(NamedTuple):
    """Precision, recall and F1 by pairs and by B-cubed, and the largest cluster found and true."""

    precision: float
    recall: float
    f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    largest: int
    largest_true: int


def evaluated(found: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> Quality:
    """Compare record -> cluster with the truth about the same records.

    A record of the truth that nothing was found of is alone: who leaves out what is difficult has not found it. One that the
    truth does not know counts for nothing.

    >>> evaluated({"a": 1, "b": 1, "c": 2}, {"a": 1, "b": 1, "c": 1})[:3]
    (1.0, 0.3333333333333333, 0.5)
    >>> evaluated({"a": 1, "b": 1, "x": 1}, {"a": 1, "b": 1, "c": 1})[:3]
    (1.0, 0.3333333333333333, 0.5)
    """
    alone = object()
    mine = {one: (found[one],) if one in found else (alone, one) for one in truth}
    known = truth.keys()
    ours, theirs = Counter(mine.values()), Counter(truth.values())
    both = Counter((mine[one], truth[one]) for one in known)
    right = sum(map(_pairs, both.values()))
    precision = _share(right, sum(map(_pairs, ours.values())))
    recall = _share(right, sum(map(_pairs, theirs.values())))
    b3_precision = _share(sum(n * n / ours[cluster] for (cluster, _), n in both.items()), len(known))
    b3_recall = _share(sum(n * n / theirs[person] for (_, person), n in both.items()), len(known))
    return Quality(
        precision,
        recall,
        _mean(precision, recall),
        b3_precision,
        b3_recall,
        _mean(b3_precision, b3_recall),
        max(ours.values(), default=0),
        max(theirs.values(), default=0),
    )


def torn(whole: Mapping[str, int], parts: Mapping[str, int]) -> list[list[list[str]]]:
    """Return the records of those who are one by one account and several by another, part by part.

    >>> torn({"a": 1, "b": 1, "c": 2}, {"a": 1, "b": 2, "c": 3})
    [[['a'], ['b']]]
    """
    found: dict[int, dict[int, list[str]]] = {}
    for address, person in sorted(whole.items()):
        found.setdefault(person, {}).setdefault(parts[address], []).append(address)
    return [[*mine.values()] for mine in found.values() if len(mine) > 1]


def _pairs(size: int) -> int:
    return size * (size - 1) // 2


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
