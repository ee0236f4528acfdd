"""The register of persons: give it records as they change, and it tells whose person changed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from sqlalchemy import Connection

from crossroads.errors import ConfigError
from crossroads.identity.blocking import LOOSE, says_enough
from crossroads.identity.evidence import Row
from crossroads.identity.model import Model
from crossroads.identity.online import blocks, components, edges, nodes
from crossroads.identity.online.blocks import Touched, keys_of, owned_by
from crossroads.identity.online.components import Group
from crossroads.identity.online.edges import Pair
from crossroads.identity.online.nodes import BITS, Node
from crossroads.identity.person import Said
from crossroads.identity.score import Scorer
from crossroads.store.session import table
from crossroads.store.tables import Edge


class Register:
    """Finds who is one person by one model, and keeps it in the store.

    What it holds is a function of the records, the model and the assertions: not of the order in which they came, nor of those
    that came and went. Whoever calls is alone in the records' entity until the transaction ends.
    """

    def __init__(self, model: Model) -> None:
        self.model, self.version = model, model.version
        self.scorer = Scorer(model)
        self.junk = frozenset(model.junk)

    def put(self, db: Connection, records: Mapping[str, Said | None]) -> Sequence[Group]:
        """Take in what records say by now, by their addresses, None of one that is gone; return the persons found anew.

        Those are all that may have changed, and more: whoever hangs together with one of them, or one that says what it said.
        """
        known = nodes.by_address(db, records)
        gone = {known[name].number for name, one in records.items() if one is None and name in known}
        said = {
            name: one
            for name, one in records.items()
            if one and (name not in known or known[name].said != one)
        }
        fresh = nodes.say(db, said, known)
        former = {node.number: node for node in known.values() if node.number in fresh or node.number in gone}
        after = {number: keys_of(node.said) for number, node in fresh.items()}
        before = {number: keys_of(node.said) for number, node in former.items()}
        touched = blocks.rekey(db, before, after, self.model.loose)
        turned = [*touched.quieter.items(), *touched.louder.items()]
        # A loose key is made of several values: that many carry it makes none of them nobody's.
        carriers = {*chain.from_iterable(some for key, some in turned if not key & LOOSE)}
        hidden = self._hide(db, fresh | nodes.by_number(db, carriers - fresh.keys()), touched)
        changed = fresh | hidden
        companions = nodes.of_persons(db, former.values())
        lost = edges.of(db, {*former, *hidden})
        edges.drop(db, lost)
        nodes.forget(db, gone)
        silenced = edges.among({*group} - changed.keys() for group in touched.quieter.values())
        silenced &= edges.of(db, {*chain.from_iterable(silenced)}).keys()
        withdrawn = silenced - self._brought(db, silenced)
        edges.drop(db, withdrawn)
        keys = {number: after.get(number) or keys_of(node.said) for number, node in changed.items()}
        live = touched.live | blocks.live(
            db, {*chain.from_iterable(keys.values())} - touched.live.keys() - touched.dead
        )
        again = edges.among({*group} - changed.keys() for group in touched.louder.values())
        pairs = edges.candidates(keys, live, self.model.loose) | self._brought(db, again)
        near = changed | nodes.by_number(db, {*chain.from_iterable(pairs)} - changed.keys())
        found = edges.weighed(pairs, near, self.scorer.best)
        edges.store(db, found)
        ends = chain.from_iterable([*lost, *withdrawn, *found])
        asked = {node.number for node in known.values()}
        return self.settle(db, ({*changed, *ends, *asked} | companions) - gone, near)

    def rekey(self, db: Connection) -> None:
        """Give all records keys, if none has any: a release that makes other keys leaves none of the former ones."""
        if blocks.none(db):
            for some in nodes.every(db):
                blocks.rekey(db, {}, {node.number: keys_of(node.said) for node in some}, self.model.loose)

    def anew(self, db: Connection, tell: Callable[[int], None]) -> None:
        """Compare all records anew, for another model made the pairs in the store; `tell` hears how many are done.

        Keys, and which of them say nothing, are of no model.
        """
        self.rekey(db)
        db.execute(table(Edge).delete())
        for some in nodes.every(db):
            self._hide(db, {node.number: node for node in some}, blocks.UNTOUCHED)
        done = 0
        for some in nodes.every(db):
            mine = {node.number: node for node in some}
            keys = {number: keys_of(node.said) for number, node in mine.items()}
            live = blocks.live(db, {*chain.from_iterable(keys.values())})
            # Each pair comes up twice; the record with the higher number brings it.
            pairs = {pair for pair in edges.candidates(keys, live, self.model.loose) if pair[1] in mine}
            near = mine | nodes.by_number(db, {*chain.from_iterable(pairs)} - mine.keys())
            edges.store(db, edges.weighed(pairs, near, self.scorer.best))
            done += len(some)
            tell(done)
        for some in nodes.every(db):
            self.settle(db, {node.number for node in some})

    def settle(
        self, db: Connection, seeds: Collection[int], near: Mapping[int, Node] | None = None
    ) -> Sequence[Group]:
        """Find anew whose the records are that hang together with some; return all persons of them.

        `near` are records that were read already.
        """
        found = components.whole(db, seeds, self.model.threshold, near or {})
        split = components.split(found, self.scorer, self.model.threshold)
        moved = {number: first for number, first in split.items() if first != found.nodes[number].cluster}
        nodes.join(db, moved)
        return components.groups(found, split)

    def knows(self, db: Connection, addresses: Collection[str], said: Said) -> bool:
        """Tell whether somebody who is not known yet would be one with one of these records."""
        found = nodes.by_address(db, addresses).values()
        return any(self.scorer.best(node.weighed, said) >= self.model.threshold for node in found)

    def explain(self, db: Connection, a: str, b: str) -> Sequence[Row]:
        """Return what the weight of two records is made of, by their addresses; a store that has no such record says so."""
        found = nodes.by_address(db, (a, b))
        if missing := [name for name in (a, b) if name not in found]:
            raise ConfigError(
                f"No customer's record {' or '.join(missing)} is in the store: say connection/stream/key."
            )
        return self.scorer.explain(*self.scorer.pair(found[a].weighed, found[b].weighed))

    def _hide(self, db: Connection, some: Mapping[int, Node], touched: Touched) -> dict[int, Node]:
        """Note what of records is nobody's own, because too many say it or the model knows it; return those that changed."""
        owned = {number: [owned_by(one) for one in node.said] for number, node in some.items()}
        every = {key for mine in owned.values() for one in mine for keys in one.values() for key in keys}
        dead = touched.dead | blocks.dead(db, every - touched.live.keys() - touched.dead)
        changed = {}
        for number, node in some.items():
            hidden = nobodys(node.said, owned[number], dead, self.junk)
            if hidden != node.hidden:
                changed[number] = node._replace(hidden=hidden)
        nodes.hide(db, {number: node.hidden for number, node in changed.items()})
        return changed

    def _brought(self, db: Connection, pairs: set[Pair]) -> set[Pair]:
        """Return those of the pairs that share enough."""
        some = nodes.by_number(db, {*chain.from_iterable(pairs)})
        keys = {number: {*keys_of(node.said)} for number, node in some.items()}
        shared = {(a, b): keys[a] & keys[b] for a, b in pairs}
        live = blocks.live(db, {*chain.from_iterable(shared.values())})
        return {
            pair
            for pair, both in shared.items()
            if (there := both & live.keys())
            and (len(there) > 1 or any(says_enough(key, len(live[key]), self.model.loose) for key in there))
        }


def nobodys(
    said: Said, owned: Sequence[Mapping[str, Collection[int]]], dead: AbstractSet[int], junk: frozenset[str]
) -> int:
    """Return what of a record is nobody's own, a bit each: too many carry its key, which is `dead`, or it is `junk`."""
    hidden = 0
    for place, (one, keys) in enumerate(zip(said, owned, strict=True)):
        known = one.nobodys(junk) if junk else ()
        for field, bit in BITS.items():
            if field in known or (field in keys and not dead.isdisjoint(keys[field])):
                hidden |= bit << place * len(BITS)
    return hidden
