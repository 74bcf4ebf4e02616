"""The terminal's face: words in, one use case called, lines or one JSON document out."""
