"""What the command line is made of: one module a group of commands; `crossroads.cli` hangs them together."""
