"""The templates that a repository has for its pull requests and issues, read from a commit: what stands there is what everybody has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from locus.model.issue_template import IssueTemplate, parse
from locus.repo.git import git, text
from locus.repo.names import require_revision

MOST = 64 * 1024
"""Bytes; GitHub takes no longer body."""
_ONE = re.compile(r".*\.md|(?!config\.).*\.ya?ml")
_ISSUE = re.compile(r"issue_template\.md", re.IGNORECASE)
_PULL = re.compile(r"pull_request_template\.(?:md|txt)", re.IGNORECASE)


@dataclass(frozen=True)
class _Entry:
    name: str
    kind: str
    object: str


async def pull_request_template(cwd: Path, commit: str) -> str | None:
    """The one that GitHub would offer: in `.github`, at the top or in `docs`. A folder of several is for a person to choose from."""
    top = await _entries(cwd, f"{require_revision(commit)}^{{tree}}")
    for entries in (await _folder(cwd, top, ".github"), top, await _folder(cwd, top, "docs")):
        for entry in entries:
            if entry.kind == "blob" and _PULL.fullmatch(entry.name) and (found := await _content(cwd, entry.object)):
                return found
    return None


async def issue_templates(cwd: Path, commit: str) -> list[IssueTemplate]:
    """Those in `.github/ISSUE_TEMPLATE`, by name; without any the one in `.github`, at the top or in `docs`."""
    top = await _entries(cwd, f"{require_revision(commit)}^{{tree}}")
    github = await _folder(cwd, top, ".github")
    several = [entry for entry in await _folder(cwd, github, "issue_template") if entry.kind == "blob" and _ONE.fullmatch(entry.name)]
    places = (github, top, await _folder(cwd, top, "docs")) if not several else ()
    single = [entry for entries in places for entry in entries if entry.kind == "blob" and _ISSUE.fullmatch(entry.name)]
    found = [(entry.name, await _content(cwd, entry.object)) for entry in several or single[:1]]
    return [parse(name, said) for name, said in found if said is not None]


async def _folder(cwd: Path, entries: list[_Entry], name: str) -> list[_Entry]:
    """What is in the folder of this name, in any case."""
    for entry in entries:
        if entry.kind == "tree" and entry.name.lower() == name:
            return await _entries(cwd, entry.object)
    return []


async def _entries(cwd: Path, tree: str) -> list[_Entry]:
    """Files and folders, no links and submodules."""
    done = await git("ls-tree", "-z", "--full-tree", tree, cwd=cwd)
    found = []
    for line in text(done.stdout).split("\0"):
        head, _, name = line.partition("\t")
        mode, kind, object = [*head.split(" "), "", ""][:3]
        if name and mode in ("100644", "100755", "040000"):
            found.append(_Entry(name, kind, object))
    return found


async def _content(cwd: Path, blob: str) -> str | None:
    """None where there is nothing in it, or more than anybody could send."""
    done = await git("cat-file", "blob", blob, cwd=cwd)
    if len(done.stdout) > MOST:
        return None
    return done.stdout.decode("utf-8-sig", "replace").replace("\r\n", "\n").strip() or None
