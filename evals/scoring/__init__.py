"""What an outcome is worth against its case. Pure functions: no file, no clock, no framework."""
