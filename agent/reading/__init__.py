"""Deterministic, model-free reading of an article."""
