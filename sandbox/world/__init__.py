"""The seeded world: persons who do not exist, what each system holds of them, and what would be right."""
