"""The console script, one file a noun."""
