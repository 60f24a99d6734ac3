"""A judge for claims that code cannot judge, and the human labels without which it says nothing."""
