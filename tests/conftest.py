"""Fixtures of the whole suite: see support/repos.py."""

from __future__ import annotations

from support.repos import home, new_person, person, prepared_repositories

__all__ = ["home", "new_person", "person", "prepared_repositories"]

pytest_plugins = ["support.no_skips", "crash.counts"]
