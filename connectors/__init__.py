"""One package per system; the registry finds them by entry point, nobody imports them by name."""
