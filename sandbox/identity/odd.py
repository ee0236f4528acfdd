"""Records that Splink has no levels for: organisations, several addresses, declared keys, what many share, one that is silent."""

from collections.abc import Iterator

from crossroads.identity.person import Person, Said

CROWD = 40
"""So many say one mailbox and one customer number: neither is anybody's own."""

DESK = 35
"""So many are identified by another one, most of which have it as their address."""


def odd() -> Iterator[tuple[str, Said]]:
    """Yield the records by their addresses."""
    for n in range(6):
        yield f"a/s/firm{n}", (Person(legal=f"acme {n % 3}", phone="+493012345678", postcode="10115"),)
        home = Person("ines", "gil", email=f"new{n}@x.example", postcode=f"1000{n}")
        work = Person("ines", "gil", email=f"old{n // 2}@x.example", postcode="70001")
        yield f"a/s/two{n}", (home, work)
        yield f"a/s/key{n}", (Person(f"given{n}", "koch", keys=(f"id.shop:{n % 2}",)),)
    shared = "info@firm.example"
    keys = (f"email:{shared}", "id.shop:counter")
    for n in range(CROWD):
        given = "kim" if n < 2 else f"x{n}"
        yield f"a/s/many{n}", (Person(given, "sato", email=shared, keys=keys),)
    # Few enough have it as their address; with those that it only identifies they are too many.
    desk = "desk@firm.example"
    for n in range(DESK):
        given, said = "lea" if n < 2 else f"y{n}", desk if n < 20 else None
        yield f"a/s/desk{n}", (Person(given, "moor", email=said, keys=(f"email:{desk}",)),)
    # The mailbox stands second here: what hides it is another bit.
    yield "a/s/former", (Person("kim", "sato", "roy"), Person("kim", "sato", email=shared, keys=keys))
    mailbox = "email:abt@x.example"
    yield "a/s/couple1", (Person("jo", "abt", email="abt@x.example", phone="+4930555", keys=(mailbox,)),)
    yield "a/s/couple2", (Person("jo", "abt", email="abt@x.example", keys=(mailbox, "phone:+4930555")),)
    yield "a/s/ours", (Person(),)
