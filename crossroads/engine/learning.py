"""Learn who is who from the store's own customers; the store stays as it is."""

from sqlalchemy import Connection, select

from crossroads.engine.asserting import APART, SAME
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import nodes
from crossroads.identity.online.models import FEWEST
from crossroads.identity.online.nodes import Node
from crossroads.identity.population import Population
from crossroads.identity.resolve import adopted, resolved
from crossroads.identity.threshold import CAREFUL
from crossroads.identity.train import train
from crossroads.store.session import table
from crossroads.store.tables import Assertion


def learnt(ws: Workspace) -> Model:
    """Return the model of the store's customers, with the threshold that follows from their number and people's answers."""
    with Population((), nicknames()) as people:
        with ws.store.read() as db:
            people.add(
                (node.address, node.said[0]) for some in nodes.every(db) for node in some if _teaches(node)
            )
            answers = _answers(db)
        people.close()
        if people.count < FEWEST:
            raise ConfigError(
                f"The store has {people.count:,} customers' records; of fewer than {FEWEST:,} nothing reliable is learnt. "
                "Until then the model that is shipped is the better one."
            )
        model = train(people)
        found = resolved(people, model, answers, least=CAREFUL)
        about = f"learnt of {people.count:,} records, and of {found.answers:,} answers of people"
        return adopted(model, people.count, found.threshold).model_copy(update={"about": about})


def _teaches(node: Node) -> bool:
    """Tell whether a record says anything of a person: one that we made says nothing of its own, a firm's nothing of people."""
    return bool(node.said) and any(node.said[0]) and not node.said[0].legal


def _answers(db: Connection) -> list[tuple[str, str, bool]]:
    """Return of which two records people said that they are one person's, or are not."""
    rows = table(Assertion)
    query = select(rows.c.a, rows.c.b, rows.c.kind).where(rows.c.kind.in_((SAME, APART)))
    return [(a, b, kind == SAME) for a, b, kind in db.execute(query)]
