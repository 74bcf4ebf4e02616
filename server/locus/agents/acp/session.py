"""One turn of an agent that speaks the protocol: handshake, session, prompt, end."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from acp import PROTOCOL_VERSION, RequestError, schema, text_block
from acp.client import ClientSideConnection
from pydantic import ValidationError

from locus import __version__
from locus.agents.acp.files import Files
from locus.agents.acp.listener import Listener
from locus.agents.acp.modes import mode_for
from locus.agents.acp.translate import Translator, permission
from locus.agents.acp.wire import Wire
from locus.agents.protocol import Assignment, Decision
from locus.model.agent import AgentEvent, Exited, Notice, Started, Text, ToolStart, TurnEnd, Usage
from locus.process import Supervised

_GRACE: Final = 3.0  # seconds for an agent to end its turn when it is asked to, and to end itself when its stdin has ended
_ROOM: Final = 500  # events that nobody has taken yet, beyond which the agent is not listened to
_TAIL: Final = 20  # lines of stderr that are remembered
_AUTH_REQUIRED: Final = -32000  # agentclientprotocol.com/protocol/schema


class AcpSession:
    def __init__(self, supervised: Supervised, assignment: Assignment, mode: str) -> None:
        self._supervised = supervised
        self._assignment = assignment
        self._mode = mode
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._errors: deque[str] = deque(maxlen=_TAIL)
        self._translator = Translator()
        self._listening = False  # before the prompt an agent only tells again what was before
        self._last_said = ""
        self._asked: dict[str, tuple[asyncio.Future[Decision | None], Sequence[schema.PermissionOption]]] = {}
        self._numbers = itertools.count(1)
        self._stop = asyncio.Event()
        self._session: str | None = None
        self._logins: Sequence[str] = ()

    # agents.protocol.Session

    async def events(self) -> AsyncIterator[AgentEvent]:
        running = asyncio.create_task(self._run())
        try:
            while (event := await self._events.get()) is not None:
                if self._events.qsize() < _ROOM:
                    self._room.set()
                yield event
            await running
        finally:
            running.cancel()
            await asyncio.wait([running])
        yield Exited(code=await self._supervised.wait(), stderr_tail="\n".join(self._errors)[-2000:])

    async def answer(self, request: str, decision: Decision) -> None:
        waiting = self._asked.get(request)
        if waiting is not None and not waiting[0].done():
            waiting[0].set_result(decision)

    async def interrupt(self) -> None:
        self._stop.set()
        for waiting, _ in self._asked.values():
            if not waiting.done():
                waiting.set_result(None)

    async def kill(self) -> None:
        self._stop.set()
        await self._supervised.kill()
        await self._supervised.wait()

    # What goes on meanwhile.

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._turn())
        finally:
            self._events.put_nowait(None)

    async def _read(self) -> None:
        async for source, line in self._supervised.lines:
            if source == "stdout":
                self._lines.put_nowait(line)
                await self._room.wait()
            elif text := line.decode("utf-8", "replace").rstrip():
                self._errors.append(text[:500])
                self._tell(Notice(text=text, stream="stderr"))
        self._lines.put_nowait(None)

    async def _turn(self) -> None:
        listener: Any = Listener(self, Files(self._assignment.worktree))
        connection: Any = ClientSideConnection(listener, Wire(self._supervised, self._lines.get))
        talking = asyncio.create_task(self._talk(connection))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([talking, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not talking.done():
                await self._cancel(connection)
                await asyncio.wait([talking], timeout=_GRACE)
            end = _CANCELLED if not talking.done() or self._stop.is_set() else talking.result()
            self._pass_on(self._translator.finish())
            self._tell(end.model_copy(update={"summary": self._last_said or None}) if end.outcome == "ok" else end)
            await connection.close()  # its stdin ends
            await self._leave()
        finally:
            for task in (talking, stopping):
                task.cancel()
            await asyncio.wait([talking, stopping])

    async def _leave(self) -> None:
        """Its turn is over; one that stays all the same is ended."""
        try:
            async with asyncio.timeout(_GRACE if not self._stop.is_set() else 0.5):
                await self._supervised.wait()
        except TimeoutError:
            await self._supervised.interrupt()

    async def _cancel(self, connection: Any) -> None:
        if self._session is not None:
            try:
                await connection.cancel(session_id=self._session)
            except ConnectionError:
                return  # it is gone already

    async def _talk(self, connection: Any) -> TurnEnd:
        try:
            return await self._dialogue(connection)
        except ConnectionError:
            last = self._errors[-1] if self._errors else ""
            return TurnEnd(outcome="failed", reason="the agent ended in the middle of its turn" + (f": {last}" if last else ""))
        except RequestError as error:
            return self._refusal(error)
        except ValidationError as error:  # an answer of its, that is: an update like that is passed over
            wrong = error.errors(include_url=False, include_input=False)[0]
            where = ".".join([error.title, *map(str, wrong["loc"])])
            return TurnEnd(outcome="failed", reason=f"the agent does not keep to the protocol: {where}: {wrong['msg'].lower()}")

    async def _dialogue(self, connection: Any) -> TurnEnd:
        about = await connection.initialize(
            protocol_version=PROTOCOL_VERSION,
            client_capabilities=schema.ClientCapabilities(fs=schema.FileSystemCapabilities(), terminal=False),
            client_info=schema.Implementation(name="locus", title="Locus", version=__version__),
        )
        self._logins = [method.name for method in about.auth_methods or ()]
        opened = await self._open(connection, about.agent_capabilities or schema.AgentCapabilities())
        if opened is None:
            return TurnEnd(outcome="lost", reason="the agent cannot take its session up again")
        mode = await self._set_mode(connection, opened.modes)
        model = await self._set_model(connection, opened.config_options or ())
        self._tell(Started(session_id=self._session, model=model, mode=mode))
        self._listening = True
        done = await connection.prompt(session_id=self._session, prompt=[text_block(self._assignment.prompt)])
        if done.usage is not None:
            self._tell(Usage(tokens=done.usage.total_tokens))
        return _ENDS[done.stop_reason]

    async def _open(self, connection: Any, offers: schema.AgentCapabilities) -> Any:
        """The answer that has modes and options; None where the session that is to be resumed cannot be had."""
        known, cwd = self._assignment.session, str(self._assignment.worktree)
        if known is None:
            made = await connection.new_session(cwd=cwd, mcp_servers=[])
            self._session = made.session_id
            return made
        resume = offers.session_capabilities is not None and offers.session_capabilities.resume is not None
        if not resume and not offers.load_session:
            return None
        try:
            opened = await (connection.resume_session if resume else connection.load_session)(session_id=known, cwd=cwd, mcp_servers=[])
        except RequestError as error:
            if error.code == _AUTH_REQUIRED:
                raise
            return None
        self._session = known
        return opened

    async def _set_mode(self, connection: Any, modes: schema.SessionModeState | None) -> str | None:
        if modes is None:
            return None
        wanted = mode_for(self._mode, modes.current_mode_id, [mode.id for mode in modes.available_modes])
        if wanted != modes.current_mode_id:
            await connection.set_session_mode(session_id=self._session, mode_id=wanted)
        return wanted

    async def _set_model(self, connection: Any, options: Sequence[Any]) -> str | None:
        """By the option of that category, where the agent has one."""
        choosers = [option for option in options if isinstance(option, schema.SessionConfigOptionSelect) and option.category == "model"]
        wanted = self._assignment.model
        for chooser in choosers:
            values = [each.value for entry in chooser.options for each in getattr(entry, "options", [entry])]
            if wanted is None:
                return str(chooser.current_value)
            if wanted in values:
                await connection.set_config_option(config_id=chooser.id, session_id=self._session, value=wanted)
                return wanted
            self._tell(Notice(text=f"the agent has no model {wanted!r}, only {', '.join(values)}", stream="locus"))
            return str(chooser.current_value)
        if wanted is not None:
            self._tell(Notice(text=f"the agent does not let its model be chosen; {wanted!r} is passed over", stream="locus"))
        return None

    def _refusal(self, error: RequestError) -> TurnEnd:
        details = error.data.get("details") if isinstance(error.data, dict) else None
        reason = f"{error}: {details}" if isinstance(details, str) and details not in str(error) else str(error)
        if error.code == _AUTH_REQUIRED:
            ways = f" ({', '.join(self._logins)})" if self._logins else ""
            return TurnEnd(
                outcome="credentials", reason=f"the agent is not logged in: {reason}", hint=f"log in with the agent itself{ways}"
            )
        return TurnEnd(outcome="failed", reason=f"the agent answered: {reason}")

    def _tell(self, event: AgentEvent) -> None:
        self._events.put_nowait(event)
        if self._events.qsize() > _ROOM * 2:
            self._room.clear()

    # What the agent says and asks.

    def heard(self, update: Any) -> None:
        if self._listening:
            self._pass_on(self._translator.update(update))

    def _pass_on(self, events: Iterable[AgentEvent]) -> None:
        """What it says after its last tool is the turn's summary."""
        for event in events:
            if isinstance(event, Text):
                self._last_said = f"{self._last_said}\n{event.text}".strip()[-500:]
            elif isinstance(event, ToolStart):
                self._last_said = ""
            self._tell(event)

    async def asked(self, call: schema.ToolCallUpdate, options: Sequence[schema.PermissionOption]) -> schema.RequestPermissionResponse:
        self._pass_on(self._translator.finish())
        id = f"{call.tool_call_id}:{next(self._numbers)}"
        waiting: asyncio.Future[Decision | None] = asyncio.get_running_loop().create_future()
        self._asked[id] = (waiting, options)
        if self._stop.is_set():
            waiting.set_result(None)
        else:
            self._tell(permission(id, call, options))
        try:
            decision = await waiting
        finally:
            del self._asked[id]
        chosen = None if decision is None else option_for(decision, options)
        if chosen is None:
            return schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))
        return schema.RequestPermissionResponse(outcome=schema.AllowedOutcome(outcome="selected", option_id=chosen))


def option_for(decision: Decision, options: Sequence[schema.PermissionOption]) -> str | None:
    """The least of what was offered that the decision allows; None where it was offered nothing of the kind."""
    once, always = ("allow_once", "allow_always") if decision.allow else ("reject_once", "reject_always")
    order = (always, once) if decision.always else (once, always) if decision.allow else (once,)
    by_kind = {option.kind: option.option_id for option in reversed(options)}
    return next((by_kind[kind] for kind in order if kind in by_kind), None)


_CANCELLED = TurnEnd(outcome="cancelled", reason="it was interrupted")
_ENDS: dict[str, TurnEnd] = {
    "end_turn": TurnEnd(outcome="ok"),
    "cancelled": _CANCELLED,
    "refusal": TurnEnd(outcome="failed", reason="the agent refused to go on"),
    "max_tokens": TurnEnd(outcome="limit", reason="the agent's answer grew longer than its model allows"),
    "max_turn_requests": TurnEnd(outcome="limit", reason="the agent used up the requests that it has for one turn"),
}
