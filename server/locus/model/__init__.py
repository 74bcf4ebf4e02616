"""The nouns and the pure functions over them. No I/O in this room."""
