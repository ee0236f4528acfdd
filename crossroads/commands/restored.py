"""`crossroads restored`: said once, after a back-up was put in the place of the store."""

from crossroads.commands.terminal import console, told, workspace


def restored() -> None:
    """Say that the store was restored from a back-up: what was made since is looked for before anything is made again."""
    from crossroads.engine.restored import DAYS
    from crossroads.engine.restored import restored as mark

    with told(), workspace() as ws:
        count = mark(ws)
    console.print(
        f"{count} creates were open at the time of the back-up; each is looked up before it is sent. For {DAYS:.0f} days, "
        "new records that name a profile count as made for it. Now run `crossroads run all --compare`.",
        highlight=False,
    )
