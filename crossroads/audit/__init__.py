"""What an auditor asks the store: do the systems agree, who is this, and why is a value what it is."""
