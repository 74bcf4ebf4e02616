"""Whether a base that moved goes together with a branch, and bringing them together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from locus.errors import LocusError, Refused
from locus.repo import commits, drift
from locus.repo.conflicts import Conflict, LineRange, conflict_ranges
from locus.repo.discover import linked_git_dir
from support.procs import until_async
from support.repos import NewPerson, Person, files_of, put
from support.trees import worktree

LINES = [f"line {n}\n" for n in range(1, 41)]


def text(**changed: str) -> str:
    """Forty lines with some replaced: `l10="ten"`."""
    return "".join(changed.get(f"l{n}", line) for n, line in enumerate(LINES, 1))


Files = Mapping[str, str | bytes | None]


async def both(person: Person, ours: Files, theirs: Files, *, before: Files | None = None) -> Path:
    """A worktree whose branch has `ours`, while the person's main got `theirs`, from a common start with `before`."""
    start = person.commit({"file.txt": text(), **{name: data for name, data in (before or {}).items() if data is not None}})
    _, path = await worktree(person, start=start)
    change(path, ours)
    await commits.commit_all(path, "ours", {"Locus-Task": "1"})
    with person.changing():
        change(person.path, theirs)
    person.commit()
    return path


def change(folder: Path, files: Files) -> None:
    for name, data in files.items():
        if data is None:
            (folder / name).unlink()
        elif isinstance(data, str) and data.startswith("rename from "):
            (folder / data.removeprefix("rename from ")).rename(folder / name)
        elif data == "executable":
            (folder / name).chmod(0o755)
        else:
            put(folder, name, data)


async def test_nothing_new_in_the_base(person: Person) -> None:
    _, path = await worktree(person)
    assert (await drift.drift(path, "main")).state == "none"
    put(path, "a.txt", "a")
    head = await commits.commit_all(path, "a")
    assert await drift.drift(path, "refs/heads/main") == drift.Drift("none", head, person.head, 0)


async def test_a_base_forced_backwards_is_no_drift(person: Person) -> None:
    old = person.head
    person.commit({"x.txt": "x"})
    _, path = await worktree(person)
    person.git("reset", "--quiet", "--hard", old)
    assert (await drift.drift(path, "main")).state == "none"


CLEAN: dict[str, tuple[Files, Files]] = {
    "other files": ({"a.txt": "a"}, {"b.txt": "b"}),
    "one file, other lines": ({"file.txt": text(l5="five\n")}, {"file.txt": text(l30="thirty\n")}),
    "the same change": ({"file.txt": text(l5="five\n")}, {"file.txt": text(l5="five\n")}),
    "rename and edit": ({"moved.txt": "rename from file.txt"}, {"file.txt": text(l5="five\n")}),
    "mode and content": ({"file.txt": "executable"}, {"file.txt": text(l5="five\n")}),
    "the same deletion": ({"file.txt": None}, {"file.txt": None}),
}


@pytest.mark.parametrize("case", CLEAN)
async def test_clean_and_then_rebased(person: Person, case: str) -> None:
    path = await both(person, *CLEAN[case])
    before = await commits.tree_state(path)
    found = await drift.drift(path, "main")
    assert (found.state, found.behind, found.conflicts) == ("clean", 1, ())
    assert await commits.tree_state(path) == before
    done = await drift.integrate(path, "main")
    assert done.how == "rebase"
    assert (await drift.drift(path, "main")).state == "none"
    after = await commits.tree_state(path)
    assert (after.head, after.branch, after.dirty) == (done.head, "locus/issue-1", False)
    assert [found.trailers for found in await commits.trailers_of(path, "main..HEAD")] == [{"Locus-Task": "1"}]


CONFLICTS: dict[str, tuple[Files, Files, Files, dict[str, str]]] = {
    "same lines": ({"file.txt": text(l5="a\n")}, {"file.txt": text(l5="b\n")}, {}, {"file.txt": "contents"}),
    "delete and edit": ({"file.txt": None}, {"file.txt": text(l5="b\n")}, {}, {"file.txt": "modify/delete"}),
    "edit and delete": ({"file.txt": text(l5="a\n")}, {"file.txt": None}, {}, {"file.txt": "modify/delete"}),
    "both added": ({"new.txt": "a\n"}, {"new.txt": "b\n"}, {}, {"new.txt": "contents"}),
    "binary": ({"bin": b"a\0b"}, {"bin": b"a\0c"}, {"bin": b"a\0a"}, {"bin": "binary"}),
    "renamed differently": (
        {"one.txt": "rename from file.txt"},
        {"two.txt": "rename from file.txt"},
        {},
        {"file.txt": "rename/rename", "one.txt": "rename/rename", "two.txt": "rename/rename"},
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
async def test_conflicts_are_named_and_nothing_is_touched(person: Person, case: str) -> None:
    ours, theirs, before, expected = CONFLICTS[case]
    path = await both(person, ours, theirs, before=before)
    state, files = await commits.tree_state(path), files_of(path)
    found = await drift.drift(path, "main")
    assert (found.state, found.behind) == ("conflict", 1)
    assert {conflict.path: conflict.kind for conflict in found.conflicts} == expected
    with pytest.raises(LocusError, match="neither a rebase nor a merge"):
        await drift.integrate(path, "main")
    assert (await commits.tree_state(path), files_of(path), drift.in_progress(path)) == (state, files, None)


async def test_ranges_are_lines_of_the_branchs_own_version(person: Person) -> None:
    ours = text(l5="ours 5\n", l20="ours 20\nand 21\n", l40="ours 40")
    theirs = text(l1="one\nmore\nlines\n", l5="theirs\n", l12="", l20="theirs\n", l40="theirs 40")
    path = await both(person, {"file.txt": ours}, {"file.txt": theirs})
    found = await drift.drift(path, "main")
    assert found.conflicts == (Conflict("file.txt", "contents", (LineRange(5, 5), LineRange(20, 21), LineRange(41, 41))),)


async def test_ranges_in_a_renamed_file(person: Person) -> None:
    path = await both(person, {"moved.txt": "rename from file.txt"}, {"file.txt": text(l7="theirs\n")})
    put(path, "moved.txt", text(l7="ours\n"))
    await commits.commit_all(path, "and edited")
    found = await drift.drift(path, "main")
    assert found.conflicts == (Conflict("moved.txt", "contents", (LineRange(7, 7),)),)


async def test_ranges_where_the_branch_deleted_lines_and_text_looks_like_a_conflict(person: Person) -> None:
    tricky = "<<<<<<< HEAD\n=======\n>>>>>>> main\n"
    ours = tricky + text(l10="", l11="")
    path = await both(person, {"file.txt": ours}, {"file.txt": text(l10="theirs\n")})
    (conflict,) = (await drift.drift(path, "main")).conflicts
    assert conflict.ranges == (LineRange(13, 12),)


async def test_ranges_with_the_persons_own_conflict_style(person: Person) -> None:
    person.git("config", "merge.conflictStyle", "diff3")
    path = await both(person, {"file.txt": text(l5="a\n")}, {"file.txt": text(l5="b\n")})
    assert (await drift.drift(path, "main")).conflicts[0].ranges == (LineRange(5, 5),)


def test_ranges_in_a_very_long_file() -> None:
    own = [b"same\n"] * 6000 + [b"ours\n"] + [b"same\n"] * 10
    merged = [b"new\n", *own[:6000], b"<<<<<<< a\n", b"ours\n", b"=======\n", b"theirs\n", b">>>>>>> b\n", *own[6001:]]
    ((found),) = conflict_ranges(b"".join(own), b"".join(merged), "a", "b")
    assert found.end - found.start == 0


async def test_names_that_are_not_utf8_can_be_shown(person: Person) -> None:
    name = b"caf\xe9\n.txt".decode("utf-8", "surrogateescape")
    path = await both(person, {name: "a\n"}, {name: "b\n"})
    (conflict,) = (await drift.drift(path, "main")).conflicts
    assert conflict.path == "caf\\xe9\n.txt"
    assert conflict.path.encode()


async def test_a_submodule_moved_on_both_sides(new_person: NewPerson) -> None:
    person = new_person("submodule")
    _, path = await worktree(person)
    for checkout in (path, person.path):
        with person.changing():
            person.home.git("commit", "--quiet", "--allow-empty", "-m", f"in {checkout}", cwd=checkout / "vendor/lib")
    await commits.commit_all(path, "ours")
    person.commit()
    found = await drift.drift(path, "main")
    assert found.state == "conflict"
    assert [(conflict.path, conflict.ranges) for conflict in found.conflicts] == [("vendor/lib", ())]
    assert "submodule" in found.conflicts[0].kind


async def test_a_clean_merge_whose_rebase_stops_is_merged(person: Person) -> None:
    """A commit and its revert: the merge sees no change, the rebase replays both."""
    start = person.commit({"file.txt": text()})
    _, path = await worktree(person, start=start)
    for content in (text(l5="ours\n"), text()):
        put(path, "file.txt", content)
        await commits.commit_all(path, "to and fro", {"Locus-Task": "1"})
    person.commit({"file.txt": text(l5="theirs\n")})
    assert (await drift.drift(path, "main")).state == "clean"
    done = await drift.integrate(path, "main")
    assert done.how == "merge"
    assert (path / "file.txt").read_text() == text(l5="theirs\n")
    assert person.look("log", "-1", "--format=%s", cwd=path) == "Merge main"
    assert (await drift.drift(path, "main")).state == "none"
    assert (drift.in_progress(path), (await commits.tree_state(path)).dirty) == (None, False)
    person.commit({"more.txt": "more"})
    assert (await drift.integrate(path, "main")).how == "merge"


async def test_empty_commits_with_trailers_survive(person: Person) -> None:
    _, path = await worktree(person)
    put(path, "a.txt", "a")
    for number in ("1", "2"):
        await commits.commit_all(path, "task", {"Locus-Task": number})
    person.commit({"a.txt": "a"})
    assert (await drift.integrate(path, "main")).how == "rebase"
    assert [found.trailers["Locus-Task"] for found in await commits.trailers_of(path, "main..HEAD")] == ["2", "1"]


async def test_a_rebase_keeps_author_and_touches_nothing_of_the_person(person: Person) -> None:
    for key, value in (
        ("rebase.autoSquash", "true"),
        ("rebase.updateRefs", "true"),
        ("rebase.autoStash", "true"),
        ("rebase.forkPoint", "true"),
        ("sequence.editor", "false"),
        ("core.editor", "false"),
        ("rerere.enabled", "true"),
        ("merge.ff", "only"),
    ):
        person.git("config", key, value)
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "fixup! ours", "--author=Ghost <ghost@example.invalid>", cwd=path)
    person.git("branch", "stays", person.look("rev-parse", "HEAD~1", cwd=path))
    await drift.integrate(path, "main")
    assert person.look("log", "-2", "--format=%an %s", cwd=path) == "Ghost fixup! ours\nAda Person ours"


async def test_untracked_files_stay_and_uncommitted_changes_are_refused(person: Person) -> None:
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    put(path, "untracked.txt", "mine")
    put(path, "a.txt", "changed")
    with pytest.raises(Refused, match="uncommitted"):
        await drift.integrate(path, "main")
    put(path, "a.txt", "a")
    await drift.integrate(path, "main")
    assert (path / "untracked.txt").read_text() == "mine"


async def test_an_untracked_file_in_the_way_is_not_overwritten(person: Person) -> None:
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    put(path, "b.txt", "mine, untracked")
    head = person.look("rev-parse", "HEAD", cwd=path)
    with pytest.raises(LocusError):
        await drift.integrate(path, "main")
    assert (path / "b.txt").read_text() == "mine, untracked"
    assert person.look("rev-parse", "HEAD", "--symbolic-full-name", "HEAD", cwd=path) == f"{head}\nrefs/heads/locus/issue-1"


async def test_a_pre_rebase_hook_that_refuses_leads_to_a_merge(person: Person) -> None:
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    person.hook("pre-rebase", "exit 1")
    assert (await drift.integrate(path, "main")).how == "merge"


async def test_a_merge_hook_that_refuses_leaves_the_branch_where_it_was(person: Person) -> None:
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    person.hook("pre-rebase", "exit 1")
    person.hook("pre-merge-commit", "echo 'merges are forbidden' >&2; exit 1")
    state = await commits.tree_state(path)
    with pytest.raises(LocusError, match="merges are forbidden"):
        await drift.integrate(path, "main")
    assert (await commits.tree_state(path), drift.in_progress(path)) == (state, None)


async def test_cancelling_leaves_nothing_half_rebased(person: Person, tmp_path: Path) -> None:
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    state, started = await commits.tree_state(path), tmp_path / "started"
    person.hook("post-checkout", f"touch '{started}'; exec sleep 60")
    task = asyncio.create_task(drift.integrate(path, "main"))
    await until_async(started.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await commits.tree_state(path), drift.in_progress(path)) == (state, None)


@pytest.mark.parametrize("what", ["rebase", "merge", "cherry-pick"])
async def test_settling_what_a_crash_left(person: Person, what: str) -> None:
    path = await both(person, {"file.txt": text(l5="a\n")}, {"file.txt": text(l5="b\n")})
    state = await commits.tree_state(path)
    assert state.head is not None
    person.home.git(what, "main", cwd=path, check=False)
    assert drift.in_progress(path) == what
    (linked_git_dir(path) / "index.lock").touch()
    put(path, "untracked.txt", "x")
    assert await drift.settle(path, "locus/issue-1", state.head)
    assert drift.in_progress(path) is None
    (path / "untracked.txt").unlink()
    assert await commits.tree_state(path) == state
    assert not await drift.settle(path, "locus/issue-1", state.head)


async def test_an_old_git_is_told(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await both(person, {"a.txt": "a"}, {"b.txt": "b"})
    real = person.look("--exec-path")
    put(
        tmp_path,
        "bin/git",
        f'#!/bin/sh\ncase "$*" in *merge-tree*) echo usage >&2; exit 129;; esac\nexec "{real}/git" "$@"\n',
        executable=True,
    )
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    with pytest.raises(Refused) as refused:
        await drift.drift(path, "main")
    assert "2.38" in (refused.value.hint or "")
