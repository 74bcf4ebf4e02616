"""The process of an agent that is talked to while it works, from its first word to the time when nothing of it is left."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from locus import process
from locus.agents.protocol import Assignment
from locus.model.agent import Exited

_LINE_CAP: Final = 64 * 1024 * 1024  # bytes of one message: it may hold a whole file, twice, or all that a command printed
INTERRUPT_GRACE: Final = 5.0  # seconds from asking for the end of a turn to a signal
EXIT_GRACE: Final = 5.0  # seconds that the process has to end after its turn
QUOTED: Final = 500  # characters of a line that is no message
_TAIL: Final = 20  # lines of stderr


async def begin(argv: Sequence[str], assignment: Assignment, env: Mapping[str, str], first_words: bytes) -> TurnProcess:
    supervised = await process.supervise(
        argv, cwd=assignment.worktree, env=env, input=first_words, interactive=True, hold=assignment.hold, line_cap=_LINE_CAP
    )
    return TurnProcess(supervised)


class TurnProcess:
    """`over` is set when the turn has ended; `errors` are the last lines of stderr, as far as they are handed in."""

    def __init__(self, supervised: process.Supervised) -> None:
        self.lines = supervised.lines
        self.over = asyncio.Event()
        self.errors: deque[str] = deque(maxlen=_TAIL)
        self._supervised = supervised
        self._beside: set[asyncio.Task[None]] = set()

    async def write(self, data: bytes) -> None:
        """Where nobody reads it any more, the end of the process says why."""
        await self._supervised.write(data)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Does it while the agent is listened to; `forget` ends it."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def stop(self, ask: Callable[[], Awaitable[None]]) -> None:
        """`ask` tells the agent to end its turn; one that goes on is made to."""

        async def asked() -> None:
            await ask()
            await self.over.wait()

        self.beside(self._or_signal(asked, INTERRUPT_GRACE))

    def leave(self, *, at_once: bool = False) -> None:
        """The turn is over. At the end of its stdin the process ends; one that stays is made to."""
        self.over.set()
        self._supervised.close_stdin()
        self.beside(self._or_signal(self._supervised.wait, 0.0 if at_once else EXIT_GRACE))

    async def kill(self) -> None:
        await self._supervised.kill()
        await self._supervised.wait()
        self.forget()

    async def exited(self) -> Exited:
        return Exited(code=await self._supervised.wait(), stderr_tail="\n".join(self.errors)[-2000:])

    def forget(self) -> None:
        for task in self._beside:
            task.cancel()

    async def _or_signal(self, end: Callable[[], Awaitable[object]], grace: float) -> None:
        try:
            async with asyncio.timeout(grace):
                await end()
        except TimeoutError:
            await self._supervised.interrupt()
