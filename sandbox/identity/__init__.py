"""People whose truth is known, to measure who is taken for whom."""
