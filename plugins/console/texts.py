"""What the console says, in English and Spanish."""

from collections.abc import Mapping

LANGUAGES = ("en", "es")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Crossroads", "Crossroads"),
    "verdict.new": ("Nothing has run to its end yet.", "Todavía no ha terminado ninguna ejecución."),
    "verdict.failing": (
        "A system or a run needs attention.",
        "Un sistema o una ejecución requiere atención.",
    ),
    "verdict.waiting": (
        "Systems agree, except for records that wait or were set aside.",
        "Los sistemas coinciden, salvo los registros en espera o apartados.",
    ),
    "verdict.moving": ("Changes are on their way.", "Hay cambios en camino."),
    "verdict.agree": ("All systems agree.", "Todos los sistemas coinciden."),
    "systems": ("Systems", "Sistemas"),
    "system": ("System", "Sistema"),
    "stream": ("Stream", "Flujo"),
    "held": ("Records", "Registros"),
    "outstanding": ("To be sent", "Por enviar"),
    "parked": ("Parked", "En espera"),
    "rejected": ("Rejected", "Rechazados"),
    "read_at": ("Last read", "Última lectura"),
    "never": ("not yet", "todavía no"),
    "runs": ("Last runs", "Últimas ejecuciones"),
    "none": ("No run yet.", "Todavía no hay ejecuciones."),
    "sync": ("Sync", "Sincronización"),
    "state": ("State", "Estado"),
    "state.finished": ("green", "verde"),
    "state.failed": ("red", "roja"),
    "state.running": ("running", "en curso"),
    "started": ("Started (UTC)", "Inicio (UTC)"),
    "full": ("full compare", "comparación completa"),
    "read": ("Read", "Leídos"),
    "applied": ("Applied", "Aplicados"),
    "unchanged": ("Unchanged", "Sin cambios"),
    "withheld": ("Withheld", "Retenidos"),
    "superseded": ("Superseded", "Reemplazados"),
    "written": ("Written", "Escritos"),
    "held_back": ("Not written", "No escritos"),
    "entity.customer": ("customers", "clientes"),
    "entity.order": ("orders", "pedidos"),
    "entity.interaction": ("interactions", "interacciones"),
}


def language(asked: str | None, accepted: str) -> str:
    """Return the language to speak: the one asked for, else the first the browser accepts that we know.

    >>> language(None, "fr;q=0.9, es-AR;q=0.8, en;q=0.5")
    'es'
    """
    wanted = [asked or "", *(part.split(";")[0] for part in accepted.split(","))]
    known = (code.strip().lower()[:2] for code in wanted)
    return next((code for code in known if code in LANGUAGES), LANGUAGES[0])


def texts(spoken: str) -> dict[str, str]:
    """Return every text in one language."""
    place = LANGUAGES.index(spoken)
    return {name: said[place] for name, said in _TEXTS.items()}
