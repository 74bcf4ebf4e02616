"""Tasks that have given their slot back and wait for an answer, as long as the run goes on for other reasons."""

from __future__ import annotations

import asyncio

from locus.engine import asking
from locus.engine.run import Run


class Parking:
    """`busy` are the tasks of the run that go on, or will, by themselves."""

    def __init__(self, run: Run, busy: int) -> None:
        self._run = run
        self._busy = busy
        self._over = asyncio.Event()

    def leave(self) -> None:
        """A task has come to its end."""
        self._busy -= 1
        if self._busy <= 0:
            self._over.set()

    async def answered(self, number: int) -> bool:
        """Whether one of the task's open questions is answered before nothing else goes on. The answers are in the journal then.

        The task is busy again afterwards, be it only with ending.
        """
        self.leave()
        open_ones = [question for question in self._run.journal.fold.questions.open.values() if question.task == number]
        answers = {question.id: asyncio.ensure_future(asking.answer_of(self._run, question)) for question in open_ones}
        others = [asyncio.create_task(self._over.wait()), asyncio.create_task(self._run.control.stop.of(number).wait())]
        try:
            await asyncio.wait([*answers.values(), *others], return_when=asyncio.FIRST_COMPLETED)
            if self._run.control.stop.of(number).is_set():
                return False
            given = [question for question in open_ones if answers[question.id].done()]
            for question in given:
                asking.answered(self._run.journal, question, answers[question.id].result(), late=True)
            return bool(given)
        finally:
            self._busy += 1
            for waiting in (*answers.values(), *others):
                waiting.cancel()
