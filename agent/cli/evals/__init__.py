"""``triage eval``: one file a group of commands."""
