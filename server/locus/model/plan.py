"""What a run is going to do. Showing it is the dry run."""

from __future__ import annotations

from typing import Literal

from locus.model.base import Model


class PlannedTask(Model):
    number: int
    title: str
    order: int | None = None
    branch: str
    worktree: str
    agent: str
    model: str | None = None
    prompt_chars: int


class Refusal(Model):
    number: int
    reason: str
    hint: str


class Plan(Model):
    mode: Literal["standalone", "sprint"]
    sprint: str | None = None
    base: str
    base_commit: str
    branch: str | None = None
    tasks: tuple[PlannedTask, ...]
    warnings: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    folder: str | None = None
