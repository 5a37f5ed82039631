"""What a distance means: its place among the library's, and a word for it."""
