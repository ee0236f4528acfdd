"""Who is who: the keys a record carries, whether two names contradict, and the partition of records into persons."""
