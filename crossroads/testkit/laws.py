"""The three laws of a mapping, with records and documents to try them on made from the mapping itself.

1. Writing back what was read sends nothing (`check_silence`).
2. What we write is what we read next (`check_understood`).
3. A second write is silent (`check_second_write`).

Needs `hypothesis`. A connector's own tests need no more than:

    @given(data=st.data())
    def test_laws(data): check_laws(load("acme_shop", "customer"), data)
"""

from copy import deepcopy

from hypothesis import strategies as st

from crossroads.canonical import Document
from crossroads.mapping import Lens
from crossroads.mapping.codecs import Codec, Value
from crossroads.mapping.codecs_text import Join, Lowercase, Split, Street, Text
from crossroads.mapping.lines import ItemList, Line
from crossroads.mapping.paths import label
from crossroads.records import Record
from crossroads.testkit.applying import apply

CHARACTERS = st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo", "Nd", "Po", "Pd", "Zs"])
WORDS = st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)


def check_laws(lens: Lens, data: st.DataObject) -> None:
    """Try all three laws on one new record and one change of it."""
    first = data.draw(documents(lens))
    second = data.draw(documents(lens, None if lens.mapping.kind_changes else first.get("kind")))
    created = check_understood(lens, first, None)
    created["Unmapped_Field"] = "kept"
    check_silence(lens, created)
    check_second_write(lens, first, created)
    changed = check_understood(lens, second, created)
    assert changed["Unmapped_Field"] == "kept"
    check_silence(lens, changed)
    check_second_write(lens, second, changed)


def check_silence(lens: Lens, record: Record) -> None:
    """Law 1: writing back what was read sends nothing."""
    before = deepcopy(record)
    patch = lens.put(lens.get(record), record)
    assert patch is None, f"{lens.name}: writing back what was read sends {_told(patch)}"
    assert record == before, f"{lens.name}: put changed the record it was given"


def check_understood(lens: Lens, document: Document, base: Record | None) -> Record:
    """Law 2: what we write is what we read next; returns the record after the write."""
    patch = lens.put(document, base, reference="R-1" if base is None else None)
    after = deepcopy(base) if patch is None and base is not None else None
    if patch is not None:
        after = apply(lens, base, patch)
    assert after is not None
    read = lens.get(after)
    for path, wanted in _readable_again(lens, document, created=base is None).items():
        assert read.get(path) == wanted, f"{lens.name}: {path} is not read as it was written"
    return after


def check_second_write(lens: Lens, document: Document, record: Record) -> None:
    """Law 3: a second write is silent."""
    patch = lens.put(document, record)
    assert patch is None, f"{lens.name}: a second write sends {_told(patch)}"


def documents(lens: Lens, kind: Value = None) -> st.SearchStrategy[Document]:
    """Return documents that the mapping can say, of one kind or any, emptied and absent fields among them."""

    @st.composite
    def made(draw: st.DrawFn) -> Document:
        document: Document = {}
        for line in lens.mapping.lines:
            if line.flow != "both":
                continue
            if line.path == "kind":
                document["kind"] = kind or draw(values(line.codec))
            elif line.when in (None, document.get("kind", lens.mapping.constants.get("kind"))) and draw(
                st.booleans()
            ):
                document[line.path] = draw(st.none() | values(line.codec))
        for items in lens.mapping.lists:
            if items.flow == "both":
                document |= draw(_items(items))
        return document

    return made()


def _items(items: ItemList) -> st.SearchStrategy[Document]:
    @st.composite
    def made(draw: st.DrawFn) -> Document:
        key = next(
            (line for line in items.lines if line.targets == items.key.targets and line.flow == "both"), None
        )
        if key is None:
            return {}
        document: Document = {}
        seen: dict[str, int] = {}
        for own in draw(st.lists(values(key.codec), max_size=3, unique=True)):
            start = f"{items.name}.{label(str(own), seen)}."
            document[start + key.path] = own
            for line in items.lines:
                if line is not key and line.flow == "both" and draw(st.booleans()):
                    document[start + line.path] = draw(values(line.codec))
        return document

    return made()


def values(codec: Codec) -> st.SearchStrategy[Value]:
    """Return canonical values that a codec can carry: any text for texts, else its examples."""
    if isinstance(codec, Street):
        widths = codec.max if isinstance(codec.max, list | tuple) else (codec.max, None)
        return _fitting(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), widths[0])
    if isinstance(codec, Split):
        return st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
    if isinstance(codec, Text | Join):
        return _fitting(st.text(CHARACTERS, min_size=1, max_size=12).map(str.strip).filter(bool), codec.max)
    if isinstance(codec, Lowercase):
        ascii_word = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
        return _fitting(ascii_word, codec.max)
    return st.sampled_from(list(codec.examples()))


def _fitting(text: st.SearchStrategy[str], width: int | None) -> st.SearchStrategy[Value]:
    return text if width is None else text.map(lambda said: said[:width].strip()).filter(bool)


def _readable_again(lens: Lens, document: Document, *, created: bool) -> Document:
    """Return what must be read after the write: everything that is written now and read at all."""
    kind = document.get("kind", lens.mapping.constants.get("kind"))

    def applies(line: Line) -> bool:
        return line.flow == "both" and line.when in (None, kind) and (created or not line.create_only)

    paths = {line.path for line in lens.mapping.lines if applies(line)}
    again = {path: value for path, value in document.items() if path in paths}
    for items in lens.mapping.lists:
        if items.flow == "both" and (created or not items.create_only):
            again |= {path: value for path, value in document.items() if path.startswith(f"{items.name}.")}
    return again


def _told(patch: object) -> str:
    record, parts = getattr(patch, "record", {}), getattr(patch, "parts", ())
    return f"{sorted(record)} and {[(part.path, sorted(part.record)) for part in parts]}"
