"""The truth: SQL tables, ledger and audit chain."""
