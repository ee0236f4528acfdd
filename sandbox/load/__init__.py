"""Several workers on one store under load: three systems in memory, people who edit in them, and what must hold at the end."""
