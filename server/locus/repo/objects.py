"""Commits, blobs and refs: asking for them and moving refs, many in one process."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from locus.repo.git import failure, git, text
from locus.repo.names import require_revision


@dataclass(frozen=True)
class RefUpdate:
    """`new` None deletes. `old` None = whatever stands there, "" = must not exist yet."""

    ref: str
    new: str | None
    old: str | None = None


async def rev_parse(cwd: Path, *names: str) -> list[str | None]:
    """The object each name means, None where it means nothing, in one process."""
    lines = "".join(f"{require_revision(name)}\n" for name in names)
    done = await git("cat-file", "--batch-check=%(objectname)", cwd=cwd, input=lines.encode("utf-8", "surrogateescape"))
    return [None if " " in line else line for line in done.out.splitlines()]


async def refs_below(cwd: Path, *prefixes: str) -> dict[str, str]:
    """All refs whose names begin with a prefix (`refs/heads/locus/`), with the objects they name."""
    done = await git("for-each-ref", "--format=%(objectname) %(refname)", *prefixes, cwd=cwd)
    return {name: commit for commit, _, name in (line.partition(" ") for line in done.out.splitlines())}


async def commit_of(cwd: Path, name: str) -> str | None:
    """The commit a revision means, through tags; None where there is none."""
    done = await git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{require_revision(name)}^{{commit}}", cwd=cwd, check=False)
    return done.out if done.code == 0 else None


async def is_ancestor(cwd: Path, ancestor: str, descendant: str) -> bool:
    done = await git("merge-base", "--is-ancestor", require_revision(ancestor), require_revision(descendant), cwd=cwd, check=False)
    if done.code not in (0, 1):
        raise failure(done, "git merge-base")
    return done.code == 0


async def merged_into(cwd: Path, commit: str, refs: Collection[str]) -> set[str]:
    """Those of the refs, by their full names, whose commits can be reached from `commit`."""
    done = await git("for-each-ref", f"--merged={require_revision(commit)}", "--format=%(refname)", *refs, cwd=cwd)
    return set(done.out.splitlines()).intersection(refs)


async def merge_base(cwd: Path, one: str, other: str) -> str | None:
    """None where the histories have nothing in common."""
    done = await git("merge-base", require_revision(one), require_revision(other), cwd=cwd, check=False)
    if done.code not in (0, 1):
        raise failure(done, "git merge-base")
    return done.out or None


async def update_refs(cwd: Path, updates: Iterable[RefUpdate]) -> None:
    """All or none, in one process. Raises GitFailed where an `old` is not what stands there."""
    await git("update-ref", "--stdin", "-z", cwd=cwd, input=b"".join(map(_instruction, updates)))


async def update_ref(cwd: Path, ref: str, new: str | None, old: str | None = None) -> None:
    await update_refs(cwd, [RefUpdate(ref, new, old)])


async def show_file(cwd: Path, commit: str, path: str) -> bytes | None:
    """The content of `path` (relative to the top, with `/`) in a commit; None where it is not there or is a folder."""
    done = await git("cat-file", "blob", f"{require_revision(commit)}:{path}", cwd=cwd, check=False)
    if done.code == 0:
        return done.stdout
    if "does not exist in" in done.err or "exists on disk, but not in" in done.err or "bad file" in done.err:
        return None
    raise failure(done, "git cat-file")


async def tree_paths(cwd: Path, commit: str) -> list[str]:
    """Every file of a commit, as text for showing."""
    done = await git("ls-tree", "-r", "-z", "--name-only", "--full-tree", require_revision(commit), cwd=cwd)
    return [path for path in text(done.stdout).split("\0") if path]


async def recent_subjects(cwd: Path, commit: str, count: int) -> list[str]:
    """`<short hash> <subject>` of a commit and those before it, newest first."""
    done = await git("log", f"-{count}", "--format=%h %s", "--end-of-options", require_revision(commit), "--", cwd=cwd)
    return done.out.splitlines()


async def known_to_remote(cwd: Path, commit: str, remote: str) -> bool:
    """A branch of the remote, as far as is known here, has the commit."""
    done = await git("for-each-ref", "--count=1", f"--contains={commit}", f"refs/remotes/{remote}/", cwd=cwd, check=False)
    return bool(done.out)


def _instruction(update: RefUpdate) -> bytes:
    zero = "0" * len(update.new or "0" * 40)
    old = {None: "", "": zero}.get(update.old, update.old)
    if update.new is None:
        return f"delete {update.ref}\0{update.old or ''}\0".encode("utf-8", "surrogateescape")
    return f"update {update.ref}\0{update.new}\0{old}\0".encode("utf-8", "surrogateescape")
