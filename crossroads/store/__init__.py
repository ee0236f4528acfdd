"""The store: one database for what the systems say, who is who, what was decided and what was sent."""

from crossroads.store.clock import Clock, newid
from crossroads.store.schema import migrate
from crossroads.store.session import Bulk, Store, Update, chunks, table

__all__ = ["Bulk", "Clock", "Store", "Update", "chunks", "migrate", "newid", "table"]
