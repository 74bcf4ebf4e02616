"""`locus init`, `trust`, `doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from locus.cli import prompt
from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import harmless, one_line, plural
from locus.errors import InvalidArguments, Refused

if TYPE_CHECKING:
    from locus.commands.house import Check, Created
    from locus.trust import TrustItem

_HASH_SHOWN = 12


async def init(session: Session, _given: Given) -> int:
    made: Created = await session.call("locus.init")

    def lines() -> Iterable[str]:
        if not made.created:
            yield "Everything is set up already."
            return
        labels = [name for name in made.created if ":" in name]
        files = [one_line(name) for name in made.created if ":" not in name]
        yield f"Set up: {', '.join(files + ([plural(len(labels), 'label')] if labels else []))}"
        yield "Next: `locus doctor` checks that a run can start, `locus issue create TITLE` makes the first issue."

    session.show(made, lines)
    return 0


async def trust(session: Session, given: Given) -> int:
    items: list[TrustItem] = await session.call("locus.trust.show")
    wanted = given.texts("hashes")
    if given.flag("all") and wanted:
        raise InvalidArguments("--all and hashes: give one of them", "see `locus trust --help`")
    if given.flag("all"):
        return await _allow(session, [item.hash for item in items])
    if wanted:
        return await _allow(session, [_named(prefix, items) for prefix in wanted])
    session.show(items, lambda: _trust_lines(session, items))
    missing = [item.hash for item in items if not item.allowed]
    if not missing or session.json:
        return 0
    if not session.face.interactive:
        session.terminal.say("Allow one with `locus trust HASH`, or all with `locus trust --all`.")
        return 0
    them = "this command" if len(missing) == 1 else f"these {len(missing)} commands"
    if await prompt.confirm(session.terminal, f"Allow {them} to run in this repository?"):
        return await _allow(session, missing)
    session.terminal.say("Nothing was allowed.")
    return 0


async def _allow(session: Session, hashes: list[str]) -> int:
    before: list[TrustItem] = await session.call("locus.trust.show")
    known = {item.hash for item in before if item.allowed}
    after: list[TrustItem] = await session.call("locus.trust.allow", hashes=hashes)
    fresh = len(set(hashes) - known)
    session.show(after, lambda: [f"Allowed {plural(fresh, 'command')}." if fresh else "There was nothing to allow."])
    return 0


def _named(prefix: str, items: list[TrustItem]) -> str:
    found = {item.hash for item in items if item.hash.startswith(prefix.lower())}
    if len(found) != 1 or len(prefix) < 4:
        why = "names several commands" if len(found) > 1 else "names no command" if not found else "is too short"
        raise InvalidArguments(f"the hash {prefix!r} {why}", "`locus trust` shows the commands and their hashes")
    return found.pop()


def _trust_lines(session: Session, items: list[TrustItem]) -> Iterable[str]:
    if not items:
        yield "This repository's configuration names no command."
    for item in items:
        state = session.terminal.style("allowed", "green") if item.allowed else session.terminal.style("not allowed", "yellow")
        yield f"{item.hash[:_HASH_SHOWN]}  {state}  {one_line(item.source)}"
        yield from (f"    {line}" for line in harmless(item.text).splitlines())


async def doctor(session: Session, _given: Given) -> int:
    try:
        session.workspace  # noqa: B018 - building it finds the repository
    except Refused as error:
        from locus.commands.doctor import outside

        checks: list[Check] = await outside(error)
    else:
        checks = await session.call("locus.doctor")
    wrong = [check for check in checks if not check.ok]

    def lines() -> Iterable[str]:
        terminal = session.terminal
        for check in checks:
            mark = terminal.style(terminal.glyphs.done, "green") if check.ok else terminal.style(terminal.glyphs.failed, "red")
            first, *more = harmless(check.detail).splitlines() or [""]
            yield f"{mark} {check.check}: {first}"
            yield from (f"    {line}" for line in more)
            if check.fix:
                first, *more = harmless(check.fix).splitlines()
                yield f"    {'note' if check.ok else 'fix'}: {first}"
                yield from (f"         {line}" for line in more)
        yield ""
        yield "Everything is in order." if not wrong else f"{plural(len(wrong), 'thing')} to mend."

    session.show(checks, lines)
    return 1 if wrong else 0
