"""Chat models: building, asking, retrying, and their doubles."""
