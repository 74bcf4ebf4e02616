"""`shell`: any command line as an agent. It gets the prompt on stdin and in a file, works in the worktree, and its exit code decides.

In argv `{worktree}`, `{prompt_file}`, `{base}` and `{id}` are replaced. A relative program (`./agent.sh`, `tools/agent`) is the one in the
person's checkout, never one that an agent's branch brought along.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from locus import process
from locus.agents.program import found, require
from locus.agents.protocol import Assignment, Decision, Standing
from locus.agents.shell_lines import parse, summary
from locus.model.agent import AgentEvent, Exited, Notice, Started, TurnEnd
from locus.model.config import AgentProfile

_TAIL_LINES = 20
_LINE = _SUMMARY = 500
"""Characters: of what is quoted from a line, and of a summary."""


class ShellAgent:
    kind = "shell"
    can_resume = False

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile

    def check(self, root: Path) -> None:
        program = self._profile.words[0]
        if "{" in program:
            return
        require(program, root)

    def seems_ready(self) -> bool:
        return True

    async def standing(self, root: Path) -> Standing:  # noqa: ARG002 - nothing is known of a program that may be any
        return Standing()

    async def start(self, assignment: Assignment) -> ShellSession:
        names = {
            "{worktree}": str(assignment.worktree),
            "{prompt_file}": str(assignment.prompt_file),
            "{base}": assignment.base,
            "{id}": str(assignment.task),
        }
        argv = [_filled(part, names) for part in self._profile.words]
        argv[0] = found(argv[0], assignment.root)
        env = process.agent_env(assignment.variables | dict(self._profile.env))
        supervised = await process.supervise(
            argv, cwd=assignment.worktree, env=env, input=assignment.prompt.encode("utf-8", "surrogateescape"), hold=assignment.hold
        )
        return ShellSession(supervised, assignment.model)


class ShellSession:
    def __init__(self, supervised: process.Supervised, model: str | None) -> None:
        self._supervised = supervised
        self._model = model
        self._interrupted = False
        self._summary: str | None = None

    async def events(self) -> AsyncIterator[AgentEvent]:
        yield Started(model=self._model)
        said: deque[str] = deque(maxlen=_TAIL_LINES)
        errors: deque[str] = deque(maxlen=_TAIL_LINES)
        numbers = 0
        async for source, line in self._supervised.lines:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            numbers += 1
            if (told := summary(text)) is not None:
                self._summary = told[:_SUMMARY]
            elif (event := parse(text, numbers)) is not None:
                yield event
                continue
            else:
                (errors if source == "stderr" else said).append(text[:_LINE])
            yield Notice(text=text if told is None else f"summary: {told}", stream="stderr" if source == "stderr" else "stdout")
        code = await self._supervised.wait()
        yield self._end(code, "\n".join(said).strip(), "\n".join(errors).strip())
        yield Exited(code=code, stderr_tail="\n".join(errors)[-2000:])

    def _end(self, code: int, said: str, errors: str) -> TurnEnd:
        if self._interrupted:
            return TurnEnd(outcome="cancelled", reason="it was interrupted")
        if code == 0:
            return TurnEnd(outcome="ok", summary=self._summary or _last_lines(said) or None)
        last = (errors or said).rpartition("\n")[2]
        what = f"was ended by signal {code - 128}" if code > 128 else f"exited with {code}"
        return TurnEnd(outcome="failed", reason=f"the agent {what}" + (f": {last}" if last else ""))

    async def answer(self, request: str, decision: Decision) -> None:
        """A command asks for nothing."""

    async def interrupt(self) -> None:
        self._interrupted = True
        await self._supervised.interrupt()

    async def kill(self) -> None:
        self._interrupted = True
        await self._supervised.kill()
        await self._supervised.wait()


def _last_lines(said: str) -> str:
    """Whole lines from the end, as many as make a summary."""
    lines: list[str] = []
    for line in reversed(said.splitlines()):
        if lines and sum(map(len, lines)) + len(lines) + len(line) > _SUMMARY:
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def _filled(part: str, names: dict[str, str]) -> str:
    """Each placeholder once, from left to right: what was put in is not looked at again."""
    out, rest = "", part
    while rest:
        found = [(rest.find(name), name) for name in names if name in rest]
        if not found:
            return out + rest
        at, name = min(found)
        out, rest = out + rest[:at] + names[name], rest[at + len(name) :]
    return out
