"""Outside data: published sets as cases with partial gold, one adapter a file; their texts never leave memory."""
