"""Probes: articles changed in one respect, names swapped, instructions planted, and what the draft makes of it."""
