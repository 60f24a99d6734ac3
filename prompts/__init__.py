"""Prompt files, versioned, hashed and locked."""
