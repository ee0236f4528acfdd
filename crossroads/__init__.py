"""Crossroads keeps one customer the same person in every system a company runs."""
