"""The statistics the harness rests on: pure functions over numbers and cluster labels."""
