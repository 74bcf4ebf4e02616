"""What a run is going to do. Showing it is the dry run."""

from __future__ import annotations

from typing import Literal

from locus.model.base import Model, Recorded


class PromptPart(Recorded):
    """One section of a prompt."""

    name: str
    chars: int
    tokens: int
    """Roughly."""
    of_chars: int | None = None
    """How long it would be if it had not been shortened to fit."""


class PlannedTask(Recorded):
    number: int
    title: str
    order: int | None = None
    branch: str
    worktree: str
    agent: str
    model: str | None = None
    prompt_chars: int
    prompt_parts: tuple[PromptPart, ...] = ()
    prompt: str | None = None
    """Only where it was asked for."""


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


class Wanted(Model):
    """What a person asked for: issues by number, or a sprint by name."""

    tasks: tuple[int, ...] = ()
    sprint: str | None = None
    base: str | None = None
    agent: str | None = None
    model: str | None = None
