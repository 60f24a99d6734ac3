"""Two runs held against each other, the gate, and the blessed runs that new ones are measured by."""
