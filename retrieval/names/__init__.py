"""Names as articles and lists write them: found, taken apart, and held against each other."""
