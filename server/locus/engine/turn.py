"""One turn of an agent: started, listened to, its questions decided, stopped when a person says so or a limit is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from locus.agents.protocol import Assignment, Decision, Session
from locus.engine import asking, limits
from locus.engine.permissions import Judge, Ruling
from locus.engine.run import Run
from locus.engine.stream import Stream
from locus.engine.verdicts import blocked, failed, interrupted
from locus.engine.watching import Guard, watch
from locus.errors import LocusError
from locus.model.agent import AgentEvent, Notice, PermissionRequest, PermissionWithdrawn, Started, TurnEnd, Usage
from locus.model.config import AgentProfile
from locus.model.events import AgentSession, AgentTurn
from locus.model.questions import Question, QuestionAnswered
from locus.repo.work import head_in


class SessionLost(Exception):
    """The session that was to be taken up again is not there, and nothing was done."""


async def take(
    run: Run,
    number: int,
    agent: str,
    worktree: Path,
    start: str,
    prompt: str,
    attempt: int,
    hold: Sequence[int],
    session: str | None = None,
) -> TurnEnd:
    """The turn's good end. Raises TaskEnded when it failed, was stopped or reached a limit, SessionLost where `session` is gone."""
    folder = run.task_folder(number)
    stream = Stream(folder)
    prompt_file = folder / "prompt.md"
    prompt_file.write_text(prompt, encoding="utf-8", errors="surrogateescape")
    profile = run.profile(agent)
    assignment = Assignment(
        run_id=run.id,
        task=number,
        root=run.ws.root,
        worktree=worktree,
        prompt=prompt,
        prompt_file=prompt_file,
        base=start,
        model=run.model_of(agent),
        session=session,
        settings_trusted=run.trusts_settings(worktree),
        bypass_allowed=run.is_the_persons(agent),
        asks_first=bool(run.config.permissions.ask or run.config.permissions.deny),
        budget_usd=limits.left(run, number, profile, session),
        hold=hold,
    )
    turn = _Turn(run, number, agent, profile, assignment, stream, attempt)
    try:
        turn.head = (await head_in(worktree)).commit
        end = await turn.listen(await run.agent(agent).start(assignment))
        verdict = turn.guard.settled(end)
        if verdict is not None:
            turn.say(f"Locus stopped the agent: {verdict.message}")
    finally:
        stream.close()
    await turn.close(end)
    if verdict is not None:
        raise verdict
    if end is not None and end.outcome == "busy":
        raise limits.busy(run, number, end)
    run.refusals.pop(number, None)
    return _good(end, number, profile, resumed=session is not None)


def _good(end: TurnEnd | None, number: int, profile: AgentProfile, *, resumed: bool) -> TurnEnd:
    if end is None:
        raise failed("the agent ended without saying how", f"read `locus logs --task {number}`")
    again = f"read `locus logs --task {number}`, then `locus run --resume`"
    match end.outcome:
        case "ok" | "denied":
            return end
        case "cancelled":
            raise interrupted(end.reason or "the agent was interrupted")
        case "credentials":
            raise blocked(
                end.reason or "the agent is not logged in", end.hint or f"log in to {profile.words[0]}, then `locus run --resume`"
            )
        case "limit":
            hint = end.hint or "wait until the limit is over, or choose another agent or model; then `locus run --resume`"
            raise blocked(end.reason or "the provider's limit is reached", hint, resets_at=end.resets_at)
        case "lost" if resumed:
            raise SessionLost
        case _:
            raise failed(end.reason or "the agent failed", end.hint or again)


class _Turn:
    def __init__(
        self, run: Run, number: int, agent: str, profile: AgentProfile, assignment: Assignment, stream: Stream, attempt: int
    ) -> None:
        self._run, self._number, self._agent, self._profile = run, number, agent, profile
        self._assignment, self._stream, self._attempt = assignment, stream, attempt
        self.guard = Guard()
        self.head: str | None = None
        self._id: str | None = None
        """The agent's session."""
        mode = profile.permission_mode if profile.permission_mode != "bypass" or assignment.bypass_allowed else "edits"
        verify = [command.run for command in run.config.verify]
        self._judge = Judge(run.config.permissions, assignment.worktree, mode=mode, verify=verify)
        self._deciding: dict[str, asyncio.Task[None]] = {}
        """By the requests' ids."""
        self._problem: BaseException | None = None

    def say(self, text: str) -> None:
        self._stream.write(Notice(text=text, stream="locus"), self._attempt)

    async def listen(self, session: Session) -> TurnEnd | None:
        end: TurnEnd | None = None
        watching = asyncio.create_task(watch(self._run, self._number, session, self.guard, self._profile))
        try:
            async for event in session.events():
                self.guard.heard.set()
                self._stream.write(event, self._attempt)
                if isinstance(event, TurnEnd):
                    end = event
                else:
                    self._heard(session, event)
                if self._problem is not None:
                    raise self._problem
        except BaseException:
            await session.kill()
            raise
        finally:
            deciding = list(self._deciding.values())
            for task in (watching, *deciding):
                task.cancel()
            await asyncio.wait([watching, *deciding])
        if not watching.cancelled() and (error := watching.exception()) is not None:
            raise error
        if self._problem is not None:
            raise self._problem
        return end

    async def close(self, end: TurnEnd | None) -> None:
        """What outlives the agent's stream, in the journal."""
        fold = self._run.journal.fold
        tokens, cost = fold.spending[self._number].of_turn(self._attempt) if self._number in fold.spending else (None, None)
        stopped = self.guard.settled(end) is not None
        outcome = "cancelled" if stopped else end.outcome if end is not None else "failed"
        try:
            head = (await head_in(self._assignment.worktree)).commit
        except (OSError, LocusError):  # the agent has removed the worktree's `.git`
            head = None
        record = AgentTurn(
            attempt=self._attempt,
            outcome=outcome,
            session=self._id,
            tokens=tokens,
            cost_usd=cost,
            denials=end.denials if end is not None else (),
            head=head,
        )
        self._run.record(record, self._number)

    def _heard(self, session: Session, event: AgentEvent) -> None:
        match event:
            case Started():
                self._run.journal.fold.apply_agent(self._number, event, self._attempt)
                self._began(event)
            case Usage():
                self._run.journal.fold.apply_agent(self._number, event, self._attempt)
                if (over := limits.overspent(self._run, self._number, self._profile)) is not None:
                    self.guard.end(over, unless_done=True)
            case PermissionRequest():
                self._soon(event.id, self._decide(session, event))
            case PermissionWithdrawn():
                if (deciding := self._deciding.get(event.id)) is not None:
                    deciding.cancel()
            case _:
                pass

    def _began(self, event: Started) -> None:
        if event.session_id is None or event.session_id == self._id:
            return
        self._id = event.session_id
        record = AgentSession(
            attempt=self._attempt,
            agent=self._agent,
            provider=self._profile.kind,
            model=self._assignment.model,
            session=event.session_id,
            base=self._assignment.base,
            head=self.head,
        )
        self._run.record(record, self._number)

    # Permissions.

    def _soon(self, request: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._deciding[request] = asyncio.create_task(work)
        task.add_done_callback(lambda task: self._decided(request, task))

    def _decided(self, request: str, task: asyncio.Task[None]) -> None:
        if self._deciding.get(request) is task:
            del self._deciding[request]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._problem = self._problem or error
            self.guard.end(failed("Locus could not decide what the agent asked for", f"read `locus logs --task {self._number}`"))

    async def _decide(self, session: Session, request: PermissionRequest) -> None:
        decision = await self._decision(request)
        if decision is not None:
            await session.answer(request.id, decision)

    async def _decision(self, request: PermissionRequest) -> Decision | None:
        """None where nobody has answered in time: the agent is being interrupted."""
        if (late := asking.take_late(self._run, self._number, request)) is not None:
            self.say(f"{'allowed' if late.allow else 'not allowed'}, as it was answered: {request.title}")
            return late
        ruling = Ruling("ask", "it is a question of the agent") if asking.is_choice(request) else self._ruled(request)
        if ruling.verdict == "allow":
            return Decision(allow=True)
        if ruling.verdict == "deny":
            self.say(f"not allowed: {request.title} ({ruling.why})")
            return Decision(allow=False, message=f"Locus does not allow this: {ruling.why}.")
        return await self._asked(request, ruling)

    def _ruled(self, request: PermissionRequest) -> Ruling:
        return self._judge.rule(request, self._run.journal.fold.questions.rules)

    async def _asked(self, request: PermissionRequest, ruling: Ruling) -> Decision | None:
        question = asking.put(self._run, self._number, request, ruling)
        self.guard.asking += 1
        try:
            async with asyncio.timeout(self._run.config.question.timeout):
                answer = await self._answer(question, request)
        except TimeoutError:
            self.guard.end(asking.unanswered(self._run, question))
            return None
        except asyncio.CancelledError:  # the turn has ended, or the agent does not ask any more
            if self.guard.verdict is None or self.guard.verdict.question is None:
                asking.withdrawn(self._run, question)
            raise
        finally:
            self.guard.asking -= 1
            self.guard.heard.set()
        decision = asking.decision(question, answer) if answer is not None else Decision(allow=True)
        self.say(f"{'allowed' if decision.allow else 'not allowed'}: {request.title}")
        return decision

    async def _answer(self, question: Question, request: PermissionRequest) -> QuestionAnswered | None:
        """None when an answer to another question has allowed this too."""
        answering = asyncio.create_task(asking.answer_of(self._run, question))
        try:
            while not answering.done():
                granted = asyncio.create_task(self._run.granted.wait())
                await asyncio.wait([answering, granted], return_when=asyncio.FIRST_COMPLETED)
                granted.cancel()
                if not answering.done() and not asking.is_choice(request) and self._ruled(request).verdict == "allow":
                    asking.withdrawn(self._run, question)
                    return None
        finally:
            answering.cancel()
        event = asking.answered(self._run.journal, question, answering.result(), late=False)
        self._run.tell_granted()
        return event
