"""What an agent says it has learned is proposed to the person, who decides. Until then it lies in the state folder, away from the worktree.

An agent tells it in a line of its own, `LEARNED: The tests need a running database.`, as its prompt says; a `shell` agent may use
`::locus learned`. learnings.py reads what was accepted.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from locus.engine import stream
from locus.engine.clock import stamp
from locus.engine.files import dump, write_atomically
from locus.errors import LocusError, NotFound
from locus.model.agent import AgentEvent, Learned, Text
from locus.model.learning import Proposal, Remembered

if TYPE_CHECKING:
    from locus.workspace import Workspace

MARK = "LEARNED:"
FILE = "memory/learned.md"
MOST = 10
LONGEST = 500
"""Learnings of one task, and characters of one."""

_HEADING = "# What agents have learned here\n"
_PLAIN = re.compile(r"^[-*+] (?:\d{4}-\d\d-\d\d )?(?:#\d+: ?)?")


def said(event: AgentEvent) -> str | None:
    """What this event says was learned, on one line."""
    match event:
        case Learned():
            text = event.text
        case Text() if event.text.strip().startswith(MARK):
            text = event.text.strip().removeprefix(MARK)
        case _:
            return None
    return " ".join(text.split())[:LONGEST] or None


def heard(folder: Path) -> list[str]:
    """All that the agent of a task, whose events are in `folder`, has said to have learned; each once."""
    found: dict[str, None] = {}
    for line in stream.lines(folder):
        if (b"LEARNED:" in line or b'"learned"' in line) and (event := stream.parse(line)) and (text := said(event[1])):
            found.setdefault(text)
    return list(found)[:MOST]


def propose(ws: Workspace, run_id: str, task: int, folder: Path) -> None:
    """After a task; a second time for the same task it takes the place of the first."""
    known = _known(_file(ws))
    learned = [text for text in heard(folder) if text not in known]
    if learned:
        proposal = Proposal(id=f"{run_id}-{task}", run=run_id, task=task, at=stamp(), learned=tuple(learned), path=f".locus/{FILE}")
        write_atomically(_folder(ws) / f"{proposal.id}.json", dump(proposal.wire()))


def pending(ws: Workspace) -> list[Proposal]:
    """Oldest first, each with its diff."""
    before = _read(_file(ws))
    found = []
    for path in sorted(_folder(ws).glob("*.json")):
        try:
            proposal = Proposal.model_validate(json.loads(path.read_bytes()))
        except FileNotFoundError:
            continue  # somebody has just decided on it, in another window
        except (ValueError, ValidationError):
            continue  # of a newer version
        found.append(proposal.model_copy(update={"diff": _diff(proposal.path, before, _with(before, [proposal]))}))
    return found


def accept(ws: Workspace, ids: Sequence[str] | None) -> Remembered:
    """All of them, where `ids` is None. They are written into the person's checkout, not committed."""
    chosen = _chosen(pending(ws), ids)
    path = _file(ws)
    before = _read(path)
    after = _with(before, chosen)
    if after != before:
        write_atomically(path, after.encode())
    for proposal in chosen:
        (_folder(ws) / f"{proposal.id}.json").unlink(missing_ok=True)
    added = [text for proposal in chosen for text in proposal.learned if text not in _known_in(before)]
    return Remembered(path=str(path), added=tuple(dict.fromkeys(added)))


def dismiss(ws: Workspace, ids: Sequence[str] | None) -> tuple[str, ...]:
    chosen = _chosen(pending(ws), ids)
    for proposal in chosen:
        (_folder(ws) / f"{proposal.id}.json").unlink(missing_ok=True)
    return tuple(proposal.id for proposal in chosen)


def _chosen(proposals: list[Proposal], ids: Sequence[str] | None) -> list[Proposal]:
    if ids is None:
        return proposals
    by_id = {proposal.id: proposal for proposal in proposals}
    unknown = [id for id in ids if id not in by_id]
    if unknown:
        raise NotFound(f"nothing that was learned has the id {', '.join(unknown)}", "`locus memory list` shows what there is")
    return [by_id[id] for id in dict.fromkeys(ids)]


def _with(text: str, proposals: Iterable[Proposal]) -> str:
    known = _known_in(text)
    lines: list[str] = []
    for proposal in proposals:
        day = datetime.fromisoformat(proposal.at).astimezone(UTC).date()
        for learned in proposal.learned:
            if learned not in known:
                known.add(learned)
                lines.append(f"- {day} #{proposal.task}: {learned}")
    if not lines:
        return text
    start = text or f"{_HEADING}\n"
    return start + ("" if start.endswith("\n") else "\n") + "\n".join(lines) + "\n"


def _known(path: Path) -> set[str]:
    return _known_in(_read(path))


def _known_in(text: str) -> set[str]:
    return {_PLAIN.sub("", line).strip() for line in text.splitlines() if _PLAIN.match(line)}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise LocusError(f"{path} cannot be read: {error}", "mend or move it") from error


def _diff(path: str, before: str, after: str) -> str:
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}"))


def _folder(ws: Workspace) -> Path:
    return ws.state / "learned"


def _file(ws: Workspace) -> Path:
    return ws.repo.locus_dir / FILE
