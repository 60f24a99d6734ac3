"""Decisions of the desk as cases: pseudonymised, with what a decision proves as gold and nothing more."""
