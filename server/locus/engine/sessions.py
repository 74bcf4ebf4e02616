"""An agent's session that goes on: the same memory, the same files, a short word about what happened meanwhile."""

from __future__ import annotations

from pathlib import Path

from locus.engine import places
from locus.engine.claims import Claim
from locus.engine.place import Place
from locus.engine.run import Run
from locus.errors import LocusError
from locus.model.events import AgentSession
from locus.repo import records
from locus.repo.work import head_in


def known(run: Run, number: int, agent: str) -> AgentSession | None:
    """The session that the next turn of this agent can go on in, as far as the run's records say."""
    session = run.journal.fold.sessions.get(number)
    if session is None or not run.agent(agent).can_resume:
        return None
    profile = run.profile(agent)
    same = session.agent == agent and session.provider == profile.kind and session.model == run.model_of(agent)
    return session if same and session.base == run.task(number).start else None


async def standing(run: Run, number: int, agent: str, branch: str, worktree: Path) -> AgentSession | None:
    """The same, and the worktree is where the agent left it: on its branch, at the commit that it stood on."""
    session = known(run, number, agent)
    if session is None or not records.intact(run.repo, worktree):
        return None
    try:
        head = await head_in(worktree)
    except (OSError, LocusError):
        return None
    return session if head.branch == branch and head.commit == session.head else None


async def place(run: Run, number: int, agent: str, claim: Claim) -> tuple[Place, str] | None:
    """The worktree as it is, and the session to go on in. None: it is begun afresh."""
    task = run.task(number)
    if not (task.branch and task.worktree and task.start):
        return None
    session = await standing(run, number, agent, task.branch, Path(task.worktree))
    if session is None:
        return None
    return await places.left(run, task.branch, Path(task.worktree), task.start, number, claim), session.session


def word(run: Run, number: int) -> str:
    """What the agent is told when its session goes on after it was interrupted."""
    fold = run.journal.fold
    parts = ["You were interrupted. Your changes are still here, as you left them. Go on with the task where you stopped."]
    for id, answer in fold.questions.late.items():
        question = fold.questions.asked[id].question
        if question.task != number:
            continue
        option = next((option for option in question.options if option.id == answer.option), None)
        if option is None:
            continue
        said = answer.message if option.kind == "text" else option.label
        why = f" ({answer.message})" if answer.message and option.kind != "text" else ""
        parts.append(f"You had asked: {question.title}\nThe answer: {said}{why}")
    return "\n\n".join(parts) + "\n"
