"""The engine's stages on the bench: the real connector and mappings, a store on disk, every promise on."""

from collections.abc import Iterator
from typing import Any

from crossroads import engine
from crossroads.connector import Connector, Settings
from crossroads.engine import System, Workspace
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.planning import Planner
from crossroads.plan import Plan
from crossroads.protocols.counters import beside
from crossroads.records import Batch, State, Stream
from crossroads.store import Store, migrate
from sandbox.bench import partners
from sandbox.bench.server import PAGE

PLAN = Plan.model_validate(
    {
        "sync": "customers",
        "entity": "customer",
        "owner": "bench",
        "between": [
            {"connection": "erp", "stream": "business_partners", "compare": "always"},
            {"connection": "crm", "stream": "contacts"},
        ],
    }
)


class NoSettings(Settings):
    """None."""


class Contacts(Connector[NoSettings]):
    """A CRM that holds every partner: read from memory, never written."""

    def __init__(self, total: int) -> None:
        super().__init__(NoSettings(), [Stream("contacts", "Id", writable=True)])
        self.total = total

    def check(self) -> None:
        """Answer."""

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield a contact for every partner."""
        for first in range(0, self.total, PAGE):
            yield Batch(
                [_contact(n) for n in range(first, min(first + PAGE, self.total))], State({"at": first})
            )


def _contact(number: int) -> dict[str, Any]:
    given, family, _ = partners.human(number)
    return {
        "Id": f"003{number:015d}", "FirstName": given, "LastName": family,
        "Email": f"p{number}@mail.example.com", "MailingCity": "Bonn", "MailingStreet": "Alte Gasse 1",
        "MailingPostalCode": "53111", "MailingCountryCode": "DE", "LastModifiedDate": "2020-01-01T00:00:00.000+0000",
    }  # fmt: skip


class Work:
    """One store and the stages that run on it."""

    def __init__(self, database: str, url: str, total: int) -> None:
        self.total, self.runs = total, 0
        migrate(database)
        self.store = Store(database)
        settings = {"base_url": url, "user": "bench", "password": "bench"}
        systems = {"erp": System("sap_s4", settings), "crm": System("salesforce", {})}
        self.ws = Workspace(store=self.store, plans=[PLAN], system=systems.__getitem__)
        self.ws.connect = self._connect
        self.run = ""

    def _connect(self, name: str) -> Connector[Any]:
        if name == "crm":
            return Contacts(self.total)
        from crossroads import registry

        system = self.ws.system(name)
        options = {"business_partners": {"page_size": PAGE}}
        return registry.open(system.system, dict(system.settings), options, calls=beside(self.store.url))

    def pull(self, member: str = "erp.business_partners") -> int:
        """Pull one member in a run of its own."""
        self.runs += 1
        self.run = f"bench-{self.runs}"
        engine.begin(self.ws, PLAN, self.run)
        return sum(engine.pull(self.ws, PLAN, member, self.run).values())

    def match(self) -> int:
        """Match and settle everything that the pull marked."""
        return engine.match(self.ws, PLAN, self.run)["matched"]

    def fill_target(self) -> None:
        """Let the CRM hold every person, and have nothing due."""
        self.pull("crm.contacts")
        self.match()
        self.plan()

    def plan(self) -> int:
        """Plan the push of every due profile to the CRM; nothing is sent."""
        lens = self.ws.lens("crm", "contacts")
        planner = Planner(self.ws, "customer", PLAN.member("crm.contacts"), lens, self.run, creatable={})
        with self.store.read() as db:
            outcomes = Outcomes.load(db, self.run, "push", "crm.contacts")
        done = 0
        while True:
            with self.store.write() as db:
                considered, ended = planner.chunk(db)
                outcomes.add(db, considered, ended)
            if not considered:
                return done
            done += len(considered)

    def close(self) -> None:
        """Close the store."""
        self.store.close()
