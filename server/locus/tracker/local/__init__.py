"""The embedded keeper: tasks in a SQLite file in the state folder, for people without an account anywhere."""

from locus.tracker.local.keeper import LocalTracker

__all__ = ["LocalTracker"]
