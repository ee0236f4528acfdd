"""Learn who is who from the store's own customers; the store stays as it is."""

from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import nodes
from crossroads.identity.online.loading import adopted
from crossroads.identity.online.models import FEWEST
from crossroads.identity.population import Population
from crossroads.identity.resolve import resolved
from crossroads.identity.train import train


def learnt(ws: Workspace) -> Model:
    """Return the model of the store's customers, of their number and with the threshold that follows from it."""
    with Population((), nicknames()) as people:
        with ws.store.read() as db:
            # A record that we made says nothing of its own, and teaches nothing.
            people.add(
                (node.address, node.said[0])
                for some in nodes.every(db)
                for node in some
                if node.said and any(node.said[0])
            )
        people.close()
        if people.count < FEWEST:
            raise ConfigError(
                f"The store has {people.count:,} customers' records; of fewer than {FEWEST:,} nothing reliable is learnt. "
                "Until then the model that is shipped is the better one."
            )
        model = train(people)
        if problems := model.problems():
            raise ConfigError(f"Nothing to rely on was learnt: {'; '.join(problems)}.")
        return adopted(model, resolved(people, model))
