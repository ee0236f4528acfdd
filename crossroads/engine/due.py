"""Which profiles a target stream is to hear of: what is noted here is planned by its next push."""

from crossroads.store.session import Bulk
from crossroads.store.tables import Due

note_due = Bulk(Due, ("connection", "stream", "profile"), update=())
"""Note profiles as rows of connection, stream and profile; one that is noted already stays."""
