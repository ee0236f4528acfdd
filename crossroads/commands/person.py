"""Who does something on the command line, and why: both are kept, so neither may be empty."""

from typing import Annotated

import typer


def _said(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("say it; it is kept beside what you do")
    return text.strip()


By = Annotated[str, typer.Option("--by", callback=_said, help="Who does this; the journal keeps it.")]
Why = Annotated[str, typer.Option("--why", callback=_said, help="The reason; the journal keeps it.")]
