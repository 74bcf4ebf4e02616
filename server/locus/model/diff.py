"""What a branch changes, side by side."""

from __future__ import annotations

from typing import Literal

from locus.model.base import Model


class ChangedFile(Model):
    path: str
    status: Literal["added", "modified", "deleted", "renamed"]
    left: str
    """URI of the side before; an empty document where there is none."""
    right: str


class TaskDiff(Model):
    files: tuple[ChangedFile, ...]
