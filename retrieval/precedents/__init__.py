"""Precedents found by meaning and by words, ranked, and held against the case in words."""
