"""Files that git calls unchanged although a checkout would not bring their bytes back: line ends, filters, hidden edits.

Git compares what is in a file after its own conversions (gitattributes(5), core.autocrlf): one with mixed line ends is unchanged when it
is the committed one but for its line ends, and a checkout writes it with uniform ones.
"""

from __future__ import annotations

import asyncio
import filecmp
import os
import re
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from locus.repo.discover import linked_git_dir
from locus.repo.git import git
from locus.repo.staging import scratch_index

_TIMEOUT = 1800.0
"""Seconds for writing the files that must be compared."""
_FILTERS = ("filter", "ident", "working-tree-encoding")
_NONE_SET = ":(exclude,attr:!text !eol !crlf " + " ".join(f"!{name}" for name in _FILTERS) + ")"
_ROW = re.compile(rb"i/(?P<index>\S*) +w/(?P<work>\S*) +attr/(?P<attr>.*?) *\t(?P<path>.*)", re.DOTALL)
_OFF = ("false", "no", "off", "0")
_EXACT = {b"lfs"}
"""Filters that name a file by a hash of all its bytes: what they call unchanged is."""


@dataclass(frozen=True)
class Indexed:
    """What the index says without a look at the files: asked while git looks at them."""

    links: frozenset[bytes]
    """Where it has a commit of another repository: submodules, and what an agent's `git add` made of a repository of its own."""
    hidden: frozenset[bytes]
    """Files that git was told not to look at (`update-index --assume-unchanged`, `--skip-worktree`), where they are there."""
    listing: bytes
    """`ls-files --eol` of the files that have attributes."""
    settings: Mapping[str, str]


async def indexed(worktree: Path) -> Indexed:
    entries, listing, settings = await asyncio.gather(
        git("ls-files", "-v", "--stage", "-z", cwd=worktree),
        git("ls-files", "-z", "--eol", "--", ".", _NONE_SET, cwd=worktree),
        git("config", "-z", "--get-regexp", r"^core\.(autocrlf|eol)$", cwd=worktree, check=False),
    )
    rows = [(entry[:1], entry[2:8], entry.partition(b"\t")[2]) for entry in entries.stdout.split(b"\0") if entry]
    flagged = [path for tag, mode, path in rows if (tag.islower() or tag == b"S") and mode != b"160000"]
    return Indexed(
        links=frozenset(path for _, mode, path in rows if mode == b"160000"),
        hidden=frozenset(path for path in flagged if os.path.lexists(worktree / os.fsdecode(path))),
        listing=listing.stdout,
        settings=dict(entry.decode().lower().partition("\n")[::2] for entry in settings.stdout.split(b"\0") if entry),
    )


async def converted(worktree: Path, head: str, changed: Collection[bytes], known: Indexed) -> set[bytes]:
    """The paths (relative, with `/`) of tracked files outside `changed` that a checkout of `head` would write with other bytes.

    Where something is converted, the doubtful files are written as a checkout would, and compared.
    """
    auto = known.settings.get("core.autocrlf", "false") not in _OFF
    rules_changed = any(path.rpartition(b"/")[2] == b".gitattributes" for path in changed)
    listing = known.listing
    if auto or rules_changed:
        listing = (await git("ls-files", "-z", "--eol", cwd=worktree)).stdout
    rows = _rows(listing, crlf=_writes_crlf(known.settings))
    # `head` has other rules than those by which git calls files unchanged.
    doubtful = set(rows) if rules_changed else await _doubtful(worktree, rows)
    doubtful -= set(changed)
    different = await _different(worktree, head, sorted(doubtful)) if doubtful else set()
    return different | (known.hidden - set(changed))


def _writes_crlf(settings: Mapping[str, str]) -> bool:
    """Where no attribute says otherwise."""
    auto = settings.get("core.autocrlf", "false")
    if auto in _OFF:
        return settings.get("core.eol", "native") == "crlf" or ("core.eol" not in settings and sys.platform == "win32")
    return auto != "input"


def _rows(listing: bytes, *, crlf: bool) -> dict[bytes, bool]:
    """The files that may be converted, and whether their line ends are in doubt."""
    rows = (match for entry in listing.split(b"\0") if (match := _ROW.fullmatch(entry)) is not None)
    return {row["path"]: _unsure(row["index"], row["work"], row["attr"].split(), crlf=crlf) for row in rows if row["work"]}


def _unsure(index: bytes, work: bytes, attr: list[bytes], *, crlf: bool) -> bool:
    """Whether a checkout may write other line ends than are there. `crlf`: it writes CRLF where no attribute says otherwise."""
    if b"-text" in attr:
        return False
    to_crlf = b"eol=crlf" in attr or (crlf and b"eol=lf" not in attr)
    if b"text" not in attr and index == work and not (to_crlf and index == b"lf"):
        return False  # decided by content: what has CRs, or is binary, goes in and out as it is
    return not (index in (b"lf", b"none") and work == (b"crlf" if to_crlf and index == b"lf" else index))


async def _doubtful(worktree: Path, listing: dict[bytes, bool]) -> set[bytes]:
    if not listing:
        return set()
    paths = b"".join(path + b"\0" for path in listing)
    done = await git("check-attr", "-z", "--stdin", *_FILTERS, cwd=worktree, input=paths)
    fields = done.stdout.split(b"\0")
    filtered = {
        path
        for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
        if value not in (b"unspecified", b"unset") and not (name == b"filter" and value in _EXACT)
    }
    return filtered | {path for path, unsure in listing.items() if unsure}


async def _different(worktree: Path, head: str, paths: list[bytes]) -> set[bytes]:
    """Written into a folder of their own, with the attributes that `head` has, as restoring writes them."""
    git_dir = linked_git_dir(worktree)
    with tempfile.TemporaryDirectory(prefix="locus-compare-", dir=git_dir) as name, scratch_index(git_dir) as env:
        written = Path(name)
        places = (f"--git-dir={git_dir}", f"--work-tree={written}")
        await git(*places, "read-tree", head, cwd=written, env=env)
        # What cannot be written, by a filter that fails for example, is then missing, and different.
        stdin = b"".join(path + b"\0" for path in paths)
        await git(*places, "checkout-index", "-z", "--stdin", cwd=written, env=env, input=stdin, check=False, timeout=_TIMEOUT)
        return await asyncio.to_thread(lambda: set(_unequal(worktree, written, paths)))


def _unequal(worktree: Path, written: Path, paths: list[bytes]) -> Iterator[bytes]:
    for path in paths:
        name = os.fsdecode(path)
        if not (worktree / name).is_file():
            continue  # not checked out at all
        if not (written / name).is_file() or not filecmp.cmp(worktree / name, written / name, shallow=False):
            yield path
