"""The vocabulary: frozen pydantic models and enums that every other package speaks."""
