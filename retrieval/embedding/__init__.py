"""Texts → vectors: the shipped model, others by setting, and a store that embeds no text twice."""
