"""What a record says when the content it was read from before is read by another mapping."""

from crossroads.canonical import Document
from crossroads.engine.echo import Held
from crossroads.mapping import Lens


def remapped(held: Held, document: Document, lens: Lens, read_at: str, *, true: bool) -> Held:
    """Return what is true after the content a contribution was read from is read by another mapping.

    Nothing in it is news. A value that came from us stays ours; if the copy is older than our write (not `true`), as we
    wrote it. A field that the mapping has no more is dropped, but for the time it was said (`unmapped`); one it had not is
    the system's own word since `read_at`.
    """
    holds, ours, since = dict(held.holds), dict(held.echo), dict(held.since)
    differs = False
    for path, value in document.items():
        if path in ours:
            if true and value != holds.get(path):
                ours[path] = [ours[path][0], value, *ours[path][2:]]
                holds[path] = value
                differs = True
        elif path in holds:
            differs |= holds[path] != value
            holds[path] = value
        elif value is not None:
            holds[path], since[path] = value, read_at
            differs = True
    for path in [path for path in holds if path not in document and path not in ours and not lens.says(path)]:
        del holds[path]
        since.setdefault(path, held.said_at)
        differs = True
    return held._replace(holds=holds, echo=ours, since=since, differs=differs)
