"""What the console says, in English and Spanish. Where the command line says the same, its English words count."""

from collections.abc import Callable, Mapping
from typing import Any

from crossroads.audit.texts import TEXTS

LANGUAGES = ("en", "es")

ENGLISH: Mapping[str, str] = {
    **{name: said for name, said in TEXTS.items() if name.startswith(("verdict.", "gap.", "state."))},
    "title": "Crossroads",
    "systems": "Systems",
    "system": "System",
    "stream": "Stream",
    "held": "Records",
    "outstanding": "To be sent",
    "parked": "Parked",
    "rejected": "Rejected",
    "read_at": "Last read (UTC)",
    "never": "not yet",
    "runs": "Last runs",
    "none": "No run yet.",
    "sync": "Sync",
    "state": "State",
    "started": "Started (UTC)",
    "full": "full compare",
    "read": "Read",
    "applied": "Applied",
    "unchanged": "Unchanged",
    "withheld": "Withheld",
    "superseded": "Superseded",
    "written": "Written",
    "held_back": "Not written",
    "entity.customer": "customers",
    "entity.order": "orders",
    "entity.interaction": "interactions",
}

SPANISH: Mapping[str, str] = {
    "verdict.new": "Todavía no ha terminado ninguna ejecución.",
    "verdict.failing": "Un sistema o una ejecución requiere atención:",
    "verdict.moving": "Hay cambios en camino:",
    "verdict.waiting": "Todos los sistemas coinciden, salvo los registros en espera o apartados:",
    "verdict.apart": "Los sistemas no coincidían en la última comparación:",
    "verdict.agree": "Todos los sistemas coinciden.",
    "gap.run": "{where}: su última ejecución terminó en rojo: {told}",
    "gap.abandoned": "{where}: su última ejecución no llegó al informe; la cerró el mantenimiento",
    "gap.error": "{where}: su último paso falló: {told}",
    "gap.open": "{where}: escrituras sin resultado conocido: {count}",
    "gap.due": "{where}: perfiles por enviar: {count}",
    "gap.differs": "{where}: no coincidía con su sistema en la última comparación: {told}",
    "gap.refused": "{where}: escrituras rechazadas: {count}",
    "gap.rejected": "{where}: registros que no se pudieron leer: {count}",
    "gap.parent": "{where}: esperan registros de {told}: {count}",
    "gap.person": "{where}: esperan a {told}: {count}",
    "gap.outcome": "{where}: escrituras cuyo resultado solo {told} puede aclarar: {count}",
    "gap.review": "{where}: campos en que los registros difieren y se pregunta a una persona: {count}",
    "gap.unread": "{where}: altas que esperan a que se lea el sistema: {count}",
    "state.finished": "verde",
    "state.failed": "roja",
    "state.running": "en curso",
    "state.planned": "planificada",
    "state.sent": "enviada, sin respuesta todavía",
    "state.written": "escrita",
    "state.rejected": "rechazada",
    "state.unknown": "resultado desconocido",
    "state.superseded": "reemplazada por una posterior",
    "title": "Crossroads",
    "systems": "Sistemas",
    "system": "Sistema",
    "stream": "Flujo",
    "held": "Registros",
    "outstanding": "Por enviar",
    "parked": "En espera",
    "rejected": "Rechazados",
    "read_at": "Última lectura (UTC)",
    "never": "todavía no",
    "runs": "Últimas ejecuciones",
    "none": "Todavía no hay ejecuciones.",
    "sync": "Sincronización",
    "state": "Estado",
    "started": "Inicio (UTC)",
    "full": "comparación completa",
    "read": "Leídos",
    "applied": "Aplicados",
    "unchanged": "Sin cambios",
    "withheld": "Retenidos",
    "superseded": "Reemplazados",
    "written": "Escritos",
    "held_back": "No escritos",
    "entity.customer": "clientes",
    "entity.order": "pedidos",
    "entity.interaction": "interacciones",
}


def language(asked: str | None, accepted: str) -> str:
    """Return the language to speak: the one asked for, else the first the browser accepts that we know.

    >>> language(None, "fr;q=0.9, es-AR;q=0.8, en;q=0.5")
    'es'
    """
    wanted = [asked or "", *(part.split(";")[0] for part in accepted.split(","))]
    known = (code.strip().lower()[:2] for code in wanted)
    return next((code for code in known if code in LANGUAGES), LANGUAGES[0])


def speaker(spoken: str) -> Callable[..., str]:
    """Return what says a text in one language, with its values filled in."""
    texts = SPANISH if spoken == "es" else ENGLISH

    def say(name: str, **values: Any) -> str:
        return texts[name].format(**values)

    return say
