"""Which code belongs to which task, and where that code is now."""
