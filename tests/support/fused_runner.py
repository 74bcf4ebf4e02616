"""A run that dies at the boundary of one step: as a runner of its own, by a real SIGKILL, or in process.

A boundary's key is an effect's as `plain` writes it, or `turn:N` (an agent's turn) or `verify:N` of task N.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args
from unittest.mock import patch

from locus.engine import runner, turn, verify
from locus.engine.effects import Effect, Effects, Result
from locus.engine.run import Run

Phase = Literal["intended", "acted", "recorded"]
"""Before `act` (the intention is journaled), between `act` and its record, after it. A turn or a verification has no record."""
PHASES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True)
class Boundary:
    key: str
    phase: Phase

    def __str__(self) -> str:
        return f"{self.key} {self.phase}"


def plain(key: str) -> str:
    """Without commits, which are others in each run."""
    return re.sub(r"\b[0-9a-f]{40,64}\b", "SHA", key)


@contextlib.contextmanager
def fused(boundary: Boundary, die: Callable[[], NoReturn]) -> Iterator[None]:
    perform, take, verifying = Effects.perform, turn.take, verify.verify

    async def fused_perform(self: Effects, effect: Effect, task: int | None = None) -> Result:
        if plain(effect.key) != boundary.key:
            return await perform(self, effect, task)

        async def act() -> Result:
            if boundary.phase == "intended":
                die()
            result = await effect.act()
            if boundary.phase == "acted":
                die()
            return result

        result = await perform(self, replace(effect, act=act), task)
        if boundary.phase == "recorded":
            die()
        return result

    def step(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        async def around(run: Run, number: int, *rest: Any) -> Any:
            mine = boundary.key == f"{name}:{number}"
            if mine and boundary.phase == "intended":
                die()
            result = await original(run, number, *rest)
            if mine:
                die()
            return result

        return around

    with (
        patch.object(Effects, "perform", fused_perform),
        patch.object(turn, "take", step("turn", take)),
        patch.object(verify, "verify", step("verify", verifying)),
    ):
        yield


def kill_myself() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


def main(folder: str, lock_fd: int, boundary: Boundary) -> int:
    with fused(boundary, kill_myself):
        return runner.main(Path(folder), lock_fd)
