"""What agents have learned about a repository, waiting for a person's yes."""

from __future__ import annotations

from locus.model.base import Model


class Proposal(Model):
    """`learned` by the agent of one task; `diff` is what accepting would do to `path`."""

    id: str
    run: str
    task: int
    at: str
    learned: tuple[str, ...]
    path: str
    """From the root of the repository."""
    diff: str = ""


class Remembered(Model):
    path: str
    added: tuple[str, ...]


class Dismissed(Model):
    dismissed: tuple[str, ...]
