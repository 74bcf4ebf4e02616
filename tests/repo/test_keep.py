"""Snapshots: every byte that is not ignored comes back."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locus.errors import LocusError, NotFound, Refused
from locus.repo import blobs, commits, facts, keep, kept, restore
from locus.repo.discover import Repository, linked_git_dir
from support.repos import Home, NewPerson, Person, files_of, put
from support.trees import worktree

REF = "refs/locus/keep/r1/1/1"


async def round_trip(repo: Repository, path: Path, out: Path, *, without: tuple[str, ...] = ()) -> keep.Kept:
    """Keeps `path`, restores it into `out`, and compares every file but the ignored ones."""
    before = files_of(path)
    index = linked_git_dir(path) / "index"
    stamp = index.read_bytes()
    taken = await keep.keep(path, REF, reason="to see it come back")
    assert taken is not None
    assert (files_of(path), index.read_bytes()) == (before, stamp)
    await restore.restore(repo, REF, out)
    assert files_of(out) == {name: value for name, value in before.items() if name not in without}
    return taken


@pytest.mark.parametrize("kind", ["plain", "sha256", "shallow", "bare"])
async def test_changed_untracked_deleted_and_staged(new_person: NewPerson, tmp_path: Path, kind: str) -> None:
    person = new_person(kind)
    repo, path = await worktree(person)
    put(path, "src/app.py", "changed\n")
    put(path, "staged.txt", "staged\n")
    person.home.git("add", "--all", cwd=path)
    put(path, "staged.txt", "and changed again\n")
    put(path, "new/deep/untracked.bin", bytes(range(256)))
    put(path, "noise.log", "ignored")
    put(path, "build/out", "ignored")
    (path / "src/util.py").unlink()
    taken = await round_trip(repo, path, tmp_path / "out", without=("noise.log", "build/out"))
    assert taken.files == 3
    assert person.look("show", f"{REF}:src/app.py") == "changed"


async def test_a_clean_checkout_needs_no_snapshot(person: Person) -> None:
    _, path = await worktree(person)
    put(path, "noise.log", "ignored")
    (path / "README.md").touch()
    assert await keep.keep(path, REF, reason="nothing") is None
    assert person.look("for-each-ref", "refs/locus") == ""


async def test_a_clean_checkout_through_filters_needs_no_snapshot(person: Person) -> None:
    person.git("config", "filter.upper.clean", "tr a-z A-Z")
    person.git("config", "filter.upper.smudge", "tr A-Z a-z")
    person.git("config", "core.autocrlf", "true")
    person.commit({".gitattributes": RULES, "a.txt": "a\nb\n", "a.lf": "a\n", "a.crlf": "a\r\n", "a.up": "ABC\n", "a.id": "$Id$\n"})
    _, path = await worktree(person)
    assert (path / "a.txt").read_bytes() == b"a\r\nb\r\n" and (path / "a.up").read_text() == "abc\n"
    assert await keep.keep(path, REF, reason="nothing") is None


async def test_names_links_and_modes(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    for name in (
        b"new\nline",
        b'quo"te',
        b"back\\slash",
        b"-dash",
        b"\xff\xfe\x01",
        "ünï".encode(),
        b" space ",
        b"tab\t",
        b":(top)",
        b"a\rb",
    ):
        put(path, os.fsdecode(name), os.fsdecode(name).encode("utf-8", "surrogateescape"))
    put(path, "tool.sh", "#!/bin/sh\n", executable=True)
    (path / "README.md").chmod(0o755)
    for number, target in enumerate(("nowhere", "./src//", "/absolute/path", "../../up", "tool.sh", "new\nline")):
        (path / f"link{number}").symlink_to(target)
    (path / os.fsdecode(b"link\xff")).symlink_to(os.fsdecode(b"to\xff"))
    os.mkfifo(path / "fifo")
    await round_trip(repo, path, tmp_path / "out")


async def test_kinds_that_change_into_one_another(person: Person, tmp_path: Path) -> None:
    person.commit({"file": "x", "folder/a": "a", "folder/b": "b", "other/app.py": "c", "plain": "p"})
    with person.changing():
        (person.path / "link").symlink_to("README.md")
    person.commit()
    repo, path = await worktree(person)
    (path / "file").unlink()
    put(path, "file/inside", "now a folder")
    for name in ("a", "b"):
        (path / "folder" / name).unlink()
    (path / "folder").rmdir()
    put(path, "folder", "now a file")
    (path / "other/app.py").unlink()
    (path / "other").rmdir()
    (path / "other").symlink_to("src")
    (path / "plain").unlink()
    (path / "plain").symlink_to("nowhere")
    (path / "link").unlink()
    put(path, "link/inside", "now a folder")
    await round_trip(repo, path, tmp_path / "out")


async def test_line_ends_and_filters_are_not_applied(person: Person, tmp_path: Path) -> None:
    person.git("config", "filter.upper.clean", "tr a-z A-Z")
    person.git("config", "filter.upper.smudge", "tr A-Z a-z")
    person.git("config", "core.autocrlf", "true")
    rules = ("*.up filter=upper", "*.id ident", "*.utf16 text working-tree-encoding=UTF-16", "*.sh text eol=lf", "*.bat text eol=crlf")
    person.commit(
        {
            ".gitattributes": "\n".join(rules),
            "a.up": "abc\n",
            "b.id": "$Id$\n",
            "c.txt": "one\ntwo\n",
            "d.bat": "one\r\ntwo\r\n",
        }
    )
    person.git("config", "core.safecrlf", "true")
    repo, path = await worktree(person)
    put(path, "a.up", "MiXed\n")
    put(path, "b.id", "$Id: 0123 $ changed\n")
    put(path, "c.txt", "one\r\ntwo\nthree\r\n")
    put(path, "d.bat", "lf only\n")
    put(path, "new.up", "NeW\r\n")
    put(path, "new.sh", "crlf\r\n")
    put(path, "new.bat", "lf\nand\r\nboth")
    put(path, "new.utf16", "no byte order mark")
    await round_trip(repo, path, tmp_path / "out")


async def test_what_git_calls_unchanged_comes_back_through_its_filters(person: Person, tmp_path: Path) -> None:
    person.git("config", "core.autocrlf", "true")
    person.commit({"c.txt": "one\ntwo\n"})
    repo, path = await worktree(person)
    assert (path / "c.txt").read_bytes() == b"one\r\ntwo\r\n"
    put(path, "new.txt", "new")
    await round_trip(repo, path, tmp_path / "out")


RULES = """*.auto text=auto
*.text text
*.crlf text eol=crlf
*.lf text eol=lf
*.no -text
*.up filter=upper
*.lfs filter=lfs
*.id ident
*.utf16 text working-tree-encoding=UTF-16LE-BOM
"""
ENDS = {"lf": b"a\nb\n", "crlf": b"a\r\nb\r\n", "mixed": b"a\r\nb\n", "cr": b"a\rb\n", "none": b"ab", "binary": b"a\0\r\nb\n", "empty": b""}
KINDS_OF_FILES = ("plain", "auto", "text", "crlf", "lf", "no", "up", "lfs", "id")


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
async def test_bytes_that_git_does_not_tell_apart_come_back(person: Person, tmp_path: Path, autocrlf: str) -> None:
    """Committed with some line ends, checked out, overwritten with others, and added again: much of it is unchanged to git."""
    files = list(itertools.product(KINDS_OF_FILES, ENDS, ENDS))
    person.git("config", "filter.upper.clean", "tr a-z A-Z")
    person.git("config", "filter.upper.smudge", "tr A-Z a-z")
    person.git("config", "filter.lfs.clean", "cat")
    with person.changing():
        for kind, committed, ends in files:
            put(person.path, f"{committed}-{ends}.{kind}", ENDS[committed])
    person.commit({".gitattributes": RULES, "x.utf16": "a\nb\n".encode("utf-16")}, "before any conversion")
    person.git("config", "core.autocrlf", autocrlf)
    repo, path = await worktree(person)
    for kind, committed, ends in files:
        put(path, f"{committed}-{ends}.{kind}", ENDS[ends] if kind != "id" else ENDS[ends] + b"$Id: mine $")
    put(path, "x.utf16", "a\r\nb\n".encode("utf-16"))
    person.home.git("-c", "core.safecrlf=false", "add", "--all", cwd=path)
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "by the agent", cwd=path)
    await round_trip(repo, path, tmp_path / "out")


async def test_a_filter_that_fails_and_rules_that_were_changed(person: Person, tmp_path: Path) -> None:
    person.git("config", "filter.odd.clean", "tr a-z A-Z")
    person.git("config", "filter.odd.smudge", "tr A-Z a-z")
    person.git("config", "filter.odd.required", "true")
    person.commit({".gitattributes": "*.odd filter=odd\n", "a.odd": "ABC\n", "b.txt": "one\ntwo\n"})
    repo, path = await worktree(person)
    put(path, "a.odd", "aBc\n")
    put(path, ".gitattributes", "*.odd filter=odd\n*.txt text eol=crlf\n")
    put(path, "b.txt", "one\r\ntwo\r\n")
    person.home.git("add", "--all", cwd=path)
    assert "b.txt" not in person.look("status", "--short", cwd=path)
    before = files_of(path)
    await keep.keep(path, REF, reason="test")
    await restore.restore(repo, REF, tmp_path / "out")
    assert files_of(tmp_path / "out") == before
    person.git("config", "filter.odd.smudge", "false")
    again = await keep.keep(path, "refs/locus/keep/r1/1/2", reason="the filter fails")
    assert again is not None and "a.odd" in person.look("ls-tree", "--name-only", f"{again.commit}^2")


async def test_edits_that_git_was_told_not_to_see(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    put(path, "README.md", "hidden\n")
    put(path, "src/app.py", "hidden too\n")
    person.home.git("update-index", "--assume-unchanged", "README.md", cwd=path)
    person.home.git("update-index", "--skip-worktree", "src/app.py", cwd=path)
    assert not person.look("status", "--short", cwd=path)
    await round_trip(repo, path, tmp_path / "out")


async def test_nested_repositories_are_plain_files(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    for name in ("cloned", "empty", "cloned/inner"):
        (path / name).mkdir(parents=True)
        person.home.git("init", "--quiet", cwd=path / name)
        put(path, f"{name}/file.txt", name)
        put(path, f"{name}/.gitignore", "*.tmp\n")
        put(path, f"{name}/x.tmp", "ignored there")
    person.home.git("add", "file.txt", cwd=path / "cloned")
    person.home.git("commit", "--quiet", "-m", "inner", cwd=path / "cloned")
    put(path, "cloned/file.txt", "changed after the commit")
    (path / "broken/.git").mkdir(parents=True)
    put(path, "broken/.git/HEAD", "garbage")
    put(path, "broken/file.txt", "broken")
    put(path, "dangling/.git", "gitdir: /nowhere")
    put(path, "dangling/file.txt", "dangling")
    ignored = ("cloned/x.tmp", "empty/x.tmp", "cloned/inner/x.tmp")
    await round_trip(repo, path, tmp_path / "out", without=ignored)


async def test_a_nested_repository_that_an_agents_own_commit_links_to(person: Person, tmp_path: Path) -> None:
    """`git add` makes a link of it, and from then on git calls it unchanged; its files are nowhere else."""
    repo, path = await worktree(person)
    for name in ("linked", "linked and changed"):
        (path / name).mkdir()
        person.home.git("init", "--quiet", cwd=path / name)
        put(path, f"{name}/file.txt", "inside")
        person.home.git("add", "file.txt", cwd=path / name)
        person.home.git("commit", "--quiet", "-m", "inner", cwd=path / name)
    person.home.git("add", "--all", cwd=path)
    person.home.git("commit", "--quiet", "-m", "The agent's own", cwd=path)
    put(path, "linked and changed/file.txt", "changed after that")
    await round_trip(repo, path, tmp_path / "out")


async def test_a_tracked_folder_that_became_a_repository(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    person.home.git("init", "--quiet", cwd=path / "src")
    put(path, "src/app.py", "changed")
    put(path, "src/new.py", "new")
    await round_trip(repo, path, tmp_path / "out")


async def test_submodules_with_anything_unsaved_are_plain_files(new_person: NewPerson, tmp_path: Path) -> None:
    person = new_person("submodule")
    repo, path = await worktree(person)
    put(path, "vendor/lib/lib.txt", "changed in the submodule\n")
    put(path, "vendor/lib/inner/deep/new.txt", "new in the deep one\n")
    await round_trip(repo, path, tmp_path / "out")


async def test_a_submodules_commit_that_only_the_worktree_has(new_person: NewPerson, tmp_path: Path) -> None:
    person = new_person("submodule")
    repo, path = await worktree(person)
    put(path, "vendor/lib/lib.txt", "committed in the submodule\n")
    person.home.git("commit", "--quiet", "--all", "-m", "inner", cwd=path / "vendor/lib")
    await commits.commit_all(path, "the submodule moved on")
    assert not (await commits.tree_state(path)).dirty
    await round_trip(repo, path, tmp_path / "out")


async def test_an_unchanged_submodule_stays_one(new_person: NewPerson, tmp_path: Path) -> None:
    person = new_person("submodule")
    repo, path = await worktree(person)
    put(path, "new.txt", "new")
    await keep.keep(path, REF, reason="test")
    assert person.look("ls-tree", REF, "vendor/lib").startswith("160000 commit")
    await restore.restore(repo, REF, tmp_path / "out")
    assert (tmp_path / "out/new.txt").exists()


async def test_an_unborn_and_a_detached_head(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    person.home.git("switch", "--quiet", "--detach", cwd=path)
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "on no branch", cwd=path)
    put(path, "a.txt", "a")
    taken = await round_trip(repo, path, tmp_path / "detached")
    assert person.look("log", "-1", "--format=%s", f"{taken.commit}^") == "on no branch"
    person.home.git("switch", "--quiet", "--orphan", "fresh", cwd=path)
    put(path, "only.txt", "only")
    ref = "refs/locus/keep/r1/1/2"
    assert await keep.keep(path, ref, reason="unborn")
    await restore.restore(repo, ref, tmp_path / "unborn")
    assert files_of(tmp_path / "unborn") == files_of(path)


async def test_files_too_large_for_memory(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "_IN_MEMORY", 1000)
    monkeypatch.setattr(restore, "_BATCH", 3000)
    person.git("config", "core.autocrlf", "true")
    repo, path = await worktree(person)
    for number, size in enumerate((10, 500, 900, 2000, 2000, 5000)):
        put(path, f"f{number}\n", os.urandom(size))
    put(path, "windows.txt", "line\r\n" * 1000)
    (path / "link").symlink_to("x" * 1500)
    taken = await round_trip(repo, path, tmp_path / "out")
    loose = [entry for entry in (repo.common_dir / "objects").iterdir() if len(entry.name) == 2 for entry in entry.iterdir()]
    stored = person.look("rev-list", "--objects", "--no-object-names", f"{taken.commit}^2").split()
    assert not {entry.parent.name + entry.name for entry in loose} & set(stored), "a prune would take loose ones"


async def test_in_the_middle_of_a_conflict(person: Person, tmp_path: Path) -> None:
    person.commit({"README.md": "main\n"})
    repo, path = await worktree(person, start=person.look("rev-parse", "HEAD~1"))
    put(path, "README.md", "ours\n")
    await commits.commit_all(path, "ours")
    person.home.git("merge", "main", cwd=path, check=False)
    put(path, "partial.txt", "resolved halfway")
    await round_trip(repo, path, tmp_path / "out")


async def test_the_persons_identity_hooks_and_signing_do_not_matter(person: Person, home: Home, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    person.hook("pre-commit", "exit 1")
    person.hook("commit-msg", "exit 1")
    person.git("config", "commit.gpgsign", "true")
    home.gitconfig.write_text("[user]\n\tuseConfigOnly = true\n")
    put(path, "a.txt", "a")
    await round_trip(repo, path, tmp_path / "out")


async def test_restoring_into_a_checkout_of_the_same_commit(person: Person) -> None:
    repo, path = await worktree(person)
    put(path, "src/app.py", "changed\n")
    put(path, "new.txt", "new\n")
    (path / "src/util.py").unlink()
    (path / "README.md").unlink()
    (path / "README.md").symlink_to("new.txt")
    before = files_of(path)
    await keep.keep(path, REF, reason="test")
    person.home.git("reset", "--quiet", "--hard", cwd=path)
    person.home.git("clean", "--quiet", "-fd", cwd=path)
    assert files_of(path) != before
    assert await restore.restore(repo, REF, path) == 3
    assert files_of(path) == before


async def test_restoring_over_anything_else_is_refused(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    put(path, "a.txt", "a")
    await keep.keep(path, REF, reason="test")
    with pytest.raises(Refused, match="not a clean checkout"):
        await restore.restore(repo, REF, path)
    put(tmp_path, "full/file", "x")
    with pytest.raises(Refused, match="not empty"):
        await restore.restore(repo, REF, tmp_path / "full")
    with pytest.raises(NotFound):
        await restore.restore(repo, "refs/locus/keep/no/1/1", tmp_path / "new")


async def test_a_snapshot_never_replaces_another(person: Person) -> None:
    _, path = await worktree(person)
    put(path, "a.txt", "a")
    first = await keep.keep(path, REF, reason="first")
    put(path, "a.txt", "b")
    with pytest.raises(LocusError):
        await keep.keep(path, REF, reason="second")
    assert first is not None
    assert person.look("rev-parse", REF) == first.commit


async def test_listing_and_retention(person: Person) -> None:
    repo, path = await worktree(person)
    head = person.head
    for number in range(3):
        put(path, "big.bin", os.urandom(20_000))
        assert await keep.keep(path, f"refs/locus/keep/run-{number}/7/1", reason=f"before try {number}")
    listed = await kept.keeps(repo)
    assert [(k.run, k.task, k.reason, k.head) for k in listed] == [(f"run-{n}", "7", f"before try {n}", head) for n in range(3)]
    assert all(abs(k.at - time.time()) < 60 for k in listed)
    assert 20_000 <= await kept.size(repo, listed[0]) < 30_000
    assert await kept.expire(repo) == []
    assert await kept.expire(repo, 30, 45_000) == [], "what is younger than a day stays"
    tomorrow = time.time() + 86400
    assert [k.run for k in await kept.expire(repo, 30, 45_000, now=tomorrow)] == ["run-0"]
    assert [k.run for k in await kept.keeps(repo)] == ["run-1", "run-2"]
    for each in await kept.keeps(repo):
        put(repo.common_dir, f"{each.ref}.lock", "")  # left by a git that was killed
    assert len(await kept.expire(repo, 30, now=time.time() + 31 * 86400)) == 2
    assert await kept.keeps(repo) == []


async def test_a_concurrent_gc_takes_nothing(person: Person, tmp_path: Path) -> None:
    """`git gc --prune=now` over and over while snapshots are taken: each of them restores."""
    repo = facts.discover(person.path)
    trees = [(await worktree(person, number))[1] for number in range(3)]
    for number, path in enumerate(trees):
        for name in range(20):
            put(path, f"f{name}", f"{number} {name}")
    stop = tmp_path / "stop"
    script = f"while [ ! -e '{stop}' ]; do git gc --quiet --prune=now; git prune --expire=now; done"
    collector = start(script, person)
    try:
        for round_ in range(4):
            refs = [f"refs/locus/keep/r{round_}/{number}/1" for number in range(3)]
            for path in trees:
                put(path, "changing", f"round {round_} in {path}")
            await asyncio.gather(*(keep.keep(path, ref, reason="gc") for path, ref in zip(trees, refs, strict=True)))
            for path, ref in zip(trees, refs, strict=True):
                out = tmp_path / f"out-{round_}-{path.name}"
                await restore.restore(repo, ref, out)
                assert files_of(out) == files_of(path)
    finally:
        stop.touch()
        collector.wait(60)
    with person.changing():
        pass


def start(script: str, person: Person) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", "-c", script], cwd=person.path, env=person.env, stderr=subprocess.DEVNULL)


NAMES = st.sampled_from(["a", "b", "README.md", "src/app.py", "src/new", "a/x", "b/y/z", "ü", "q\"'\n", "noise.log", ".gitignore"])
CONTENT = st.one_of(st.binary(max_size=40), st.sampled_from([b"", b"a\r\nb\n", b"\xff\xfe", b"same\n", b"*.x\n"]))
EDITS = st.lists(
    st.tuples(NAMES, st.sampled_from(["write", "delete", "link", "executable", "commit", "stage"]), CONTENT), min_size=1, max_size=12
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_any_history_of_edits_comes_back(
    person: Person, tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, bytes]]
) -> None:
    asyncio.run(_edited(person, tmp_path_factory.mktemp("out"), edits))


async def _edited(person: Person, out: Path, edits: list[tuple[str, str, bytes]]) -> None:
    number = len(list((person.path / ".locus/worktrees").glob("*"))) + 1
    repo, path = await worktree(person, number)
    for name, what, content in edits:
        _edit(person, path, name, what, content)
    ignored = set(person.look("ls-files", "--others", "--ignored", "--exclude-standard", "-z", cwd=path).split("\0"))
    before = {name: value for name, value in files_of(path).items() if name not in ignored}
    ref = f"refs/locus/keep/r/{number}/1"
    target = ref if await keep.keep(path, ref, reason="property") else "HEAD"
    if target == "HEAD":
        person.home.git("worktree", "add", "--quiet", "--detach", str(out / "tree"), f"locus/issue-{number}", cwd=person.path)
        person.home.git("worktree", "prune", cwd=person.path)
    else:
        await restore.restore(repo, ref, out / "tree")
    restored = files_of(out / "tree")
    if target == "HEAD":
        person.home.git("worktree", "remove", "--force", str(out / "tree"), cwd=person.path)
    assert restored == before


def _edit(person: Person, root: Path, name: str, what: str, content: bytes) -> None:
    path = root / name
    if any(parent.is_file() or parent.is_symlink() for parent in path.parents if parent.is_relative_to(root) and parent != root) or (
        path.is_dir() and not path.is_symlink()
    ):
        return
    if what == "commit":
        person.home.git("add", "--all", cwd=root)
        person.home.git("commit", "--quiet", "--allow-empty", "-m", "by the agent", cwd=root)
    elif what == "stage":
        person.home.git("add", "--all", cwd=root)
    elif what == "write":
        if path.is_symlink():
            path.unlink()
        put(root, name, content)
    elif what == "link":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to("".join(f"{byte:02x}" for byte in content) or ".")
    elif what == "delete":
        path.unlink(missing_ok=True)
    elif path.is_file() and not path.is_symlink():
        path.chmod(0o755)
