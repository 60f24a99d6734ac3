"""English structure from a dependency parse: names, pointers, who did what to whom, who says otherwise."""
