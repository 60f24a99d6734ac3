"""The spine, one step a file."""
