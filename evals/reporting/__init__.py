"""What people read of a run: HTML, Markdown, JUnit and CSV."""
