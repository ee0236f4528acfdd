"""Trials of the promises: three systems, the people who work in them, runs that are killed, and a judge who knows the truth."""
