"""Made-up people with slips, households and namesakes, by a seed."""

from random import Random

from crossroads.identity.person import Person

GIVEN = (
    "ana", "ben", "carla", "dario", "eva", "felix", "gina", "hugo", "ines", "jan", "katia", "luis", "marta", "nils",
    "olga", "pablo", "rosa", "simon", "tilda", "ugo",
)  # fmt: skip
FAMILY = [
    beginning + ending
    for beginning in ("al", "ber", "cor", "dan", "fer", "gar", "her", "kol", "lor", "mar")
    for ending in ("ez", "man", "ski", "son", "ton")
]
STREETS = [
    f"{name} st"
    for name in ("high", "mill", "oak", "park", "queen", "river", "school", "station", "west", "york")
]


def slip(random: Random, text: str) -> str:
    """Return a text with two letters in each other's place."""
    place = random.randrange(len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def people(count: int, seed: int) -> tuple[list[Person], list[int]]:
    """Return so many records, in no order, and whose each is."""
    random, made, person = Random(seed), list[tuple[Person, int]](), 0
    family, street, house = "", "", ""
    while len(made) < count:
        person += 1
        given = random.choice(GIVEN)
        if person % 7:  # the others are of the household before
            family, street, house = (
                random.choice(FAMILY),
                random.choice(STREETS),
                str(random.randrange(1, 200)),
            )
        born = f"{random.randrange(1940, 2005)}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}"
        mail = f"{given}.{family}{random.randrange(1000)}@x.example"
        phone = f"+4915{random.randrange(10**8):08d}"
        for again in range(random.choice((1, 1, 1, 2, 3))):
            record = Person(
                given=slip(random, given) if again and random.random() < 0.1 else given,
                family=slip(random, family) if again and random.random() < 0.1 else family,
                birth_date=born if random.random() < 0.7 else None,
                email=mail if random.random() < 0.7 else None,
                phone=phone if random.random() < 0.6 else None,
                street=street,
                house=house,
                city="bath",
            )
            made.append((record, person))
    del made[count:]
    random.shuffle(made)
    return [record for record, _ in made], [who for _, who in made]
