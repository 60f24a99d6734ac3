"""Past decisions and reference profiles, embedded and found again."""
