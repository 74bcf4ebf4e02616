"""Watching a run to its end: showing it, putting its questions, passing on requests to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from locus.cli import prompt
from locus.cli.display import Display
from locus.cli.keys import Keys
from locus.cli.present import how_to_answer, question_lines
from locus.cli.session import Session
from locus.cli.signals import PATIENCE, Presses, heard
from locus.cli.text import one_line
from locus.errors import LocusError
from locus.model.questions import Option, Question
from locus.model.run import RunView

POLL: Final = 0.05  # seconds
_TAKEN_UP: Final = 15.0  # seconds in which a resumed run must show a sign of life


@dataclass(frozen=True)
class Attended:
    """How the watching ended: with the run, or with a signal (`left`) after which the run goes on."""

    view: RunView
    interrupted: bool = False
    left: int | None = None


class Attendance:
    """Hears signals and Esc from the moment it is entered, so that none is lost while the run is being started."""

    def __init__(self, session: Session, display: Display) -> None:
        self._session = session
        self._display = display
        self._presses = Presses()
        self._keys = Keys(session.terminal, self._press)
        self._left: int | None = None
        self._asking: tuple[str, asyncio.Task[None]] | None = None
        self._answered: set[str] = set()

    @contextmanager
    def attentive(self) -> Iterator[None]:
        handlers = {"SIGINT": self._press} | {name: partial(self._leave, name) for name in ("SIGTERM", "SIGHUP")}
        with heard(handlers):
            if self._session.face.interactive:
                self._keys.listen()
            try:
                yield
            finally:
                self._keys.quiet()
                self._display.close()

    def _press(self) -> None:
        self._presses.press(time.monotonic())

    def _leave(self, name: str) -> None:
        self._left = signal.Signals[name].value

    async def follow(self, run_id: str, *, after: int = -1) -> Attended:
        """To the run's end. An end that the journal had told up to record `after` is an earlier one: the run is being resumed."""
        from locus.engine.follow import Follower

        follower = Follower(self._session.workspace.runs, run_id, log=False)
        patience = time.monotonic() + _TAKEN_UP
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    follower.poll()
                    if follower.error is not None:
                        raise follower.error
                    view = follower.view
                    if view is not None and (view.seq > after or view.alive):
                        self._display.show(view)
                        self._stop(view, group)
                        self._ask(view, group)
                        if not view.alive or self._left is not None:
                            return Attended(view, self._presses.any, self._left if view.alive else None)
                    elif time.monotonic() > patience:
                        raise LocusError(f"{run_id} shows no sign of life", f"look at {follower.folder / 'runner.log'}, then try again")
                    await asyncio.sleep(POLL)
            finally:
                await self._withdraw()

    # Stopping.

    def _stop(self, view: RunView, group: asyncio.TaskGroup) -> None:
        requests, self._presses.requests = self._presses.requests, []
        for force in requests if view.alive else ():
            if force:
                self._display.say("ending the run at once")
            else:
                self._display.say(f"stopping, what was done is kept; once more within {PATIENCE:g} s ends it at once")
            group.create_task(self._request(view.id, force=force))

    async def _request(self, run_id: str, *, force: bool) -> None:
        try:
            await self._session.call("locus.run.stop", runId=run_id, force=force)
        except LocusError as error:  # it may just have ended by itself; then there is nothing to stop
            self._display.say(f"it could not be asked to stop: {error}")

    # Asking.

    def _ask(self, view: RunView, group: asyncio.TaskGroup) -> None:
        """One question at a time; one that somebody else has answered is withdrawn."""
        if not self._session.face.interactive:
            return
        if self._asking is not None:
            id, task = self._asking
            if not task.done():
                if all(question.id != id for question in view.questions):
                    task.cancel()
                return
            self._asking = None
            self._display.resume()
            self._keys.listen()
        question = next((question for question in view.questions if question.id not in self._answered), None)
        if question is not None and view.alive:
            self._answered.add(question.id)
            self._display.pause()
            self._keys.quiet()
            self._asking = (question.id, group.create_task(self._put(view.id, question)))

    async def _put(self, run_id: str, question: Question) -> None:
        terminal = self._session.terminal
        terminal.say_all(question_lines(question))
        labels = [option.label for option in question.options]
        try:
            while True:
                answer = await prompt.ask(terminal, f"1-{len(labels)}: " if len(labels) > 1 else "1: ")
                if answer is None:
                    terminal.say(f"answer it later with: {how_to_answer(run_id, question)}")
                    return
                picked = prompt.pick(answer, labels)
                picked = prompt.pick(answer, [option.id for option in question.options]) if picked is None else picked
                if picked is not None:
                    break
                terminal.say(f"{one_line(answer)!r} is none of them." if answer.strip() else "Nothing was chosen; Ctrl+D leaves it open.")
            said = await self._said(question, question.options[picked])
        except asyncio.CancelledError:
            terminal.say("\n(this question is no longer open)")
            raise
        try:
            option = question.options[picked].id
            await self._session.call("locus.run.answer", runId=run_id, questionId=question.id, option=option, message=said)
        except LocusError as error:
            terminal.say(f"the answer was not taken: {error}")

    async def _said(self, question: Question, option: Option) -> str | None:
        """The words that go with it: an answer that is none of the choices, or why an agent is denied something."""
        if option.kind != "text" and (option.kind != "reject_once" or question.kind != "permission"):
            return None
        asked = "Your answer: " if option.kind == "text" else "Why, for the agent (Enter for no reason): "
        return ((await prompt.ask(self._session.terminal, asked)) or "").strip() or None

    async def _withdraw(self) -> None:
        if self._asking is None:
            return
        task = self._asking[1]
        task.cancel()
        await asyncio.wait([task])
        self._asking = None
