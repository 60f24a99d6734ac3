"""Reading reference files: profiles and precedents from JSON Lines, FollowTheMoney and CSV, row by row."""
