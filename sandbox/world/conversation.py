"""What the persons write in public: mentions on the social network and posts in the community."""

import random
from datetime import UTC, datetime, timedelta

from sandbox.world.truth import Message, World

MENTIONS = {
    "en": "my parcel {number} has not arrived yet, can you look?",
    "de": "mein Paket {number} ist noch nicht angekommen, könnt ihr nachsehen?",
    "es": "mi paquete {number} todavía no ha llegado, ¿podéis mirarlo?",
}
POSTS = {
    "en": "The vault of order {number} does not open after the update. What helps?",
    "de": "Der Tresor aus Bestellung {number} öffnet sich seit dem Update nicht. Was hilft?",
    "es": "La caja del pedido {number} no se abre desde la actualización. ¿Qué puedo hacer?",
}
START = datetime(2026, 8, 24, 9, tzinfo=UTC)


def messages(world: World, rng: random.Random) -> None:
    """Let every account of the network mention us once, and every fourth member write a post."""
    for held in world.held("social"):
        _write(world, held.connection, held.person, held.handle or held.key, MENTIONS, rng)
    members = world.held("community")
    for held in rng.sample(members, max(1, len(members) // 4)):
        _write(world, held.connection, held.person, held.key, POSTS, rng)


def _write(
    world: World, connection: str, person: str, author: str, texts: dict[str, str], rng: random.Random
) -> None:
    text = texts[world.persons[person].language].format(number=rng.randrange(10_000, 99_999))
    written = START + timedelta(minutes=7 * len(world.messages))
    world.messages.append(Message(connection, person, author, text, written))
