"""The state of a checkout, commits from it, and what commits say and change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from locus.errors import InvalidArguments, Refused
from locus.repo import commits, diffs, objects
from locus.repo.commits import CommitTrailers
from locus.repo.diffs import FileChange
from locus.repo.git import GitFailed
from locus.repo.objects import RefUpdate
from support.repos import Home, NewPerson, Person, files_of, put
from support.trees import worktree


@pytest.mark.parametrize("kind", ["plain", "sha256", "shallow", "bare"])
async def test_a_clean_tree_is_heads(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    _, path = await worktree(person)
    state = await commits.tree_state(path)
    assert state == commits.TreeState(person.head, "locus/issue-1", person.look("rev-parse", "HEAD^{tree}"), dirty=False, changed=0)


async def test_a_dirty_tree_is_what_a_commit_would_have(person: Person) -> None:
    _, path = await worktree(person)
    put(path, "src/app.py", "changed\n")
    put(path, "new/untracked.txt", "new\n")
    put(path, "noise.log", "ignored\n")
    (path / "src/util.py").unlink()
    index = (path / ".git").read_text()
    before = files_of(path)
    state = await commits.tree_state(path)
    assert (state.dirty, state.changed) == (True, 3)
    assert files_of(path) == before
    assert person.look("diff", "--cached", "--name-only", cwd=path) == ""
    commit = await commits.commit_all(path, "all of it")
    assert person.look("rev-parse", f"{commit}^{{tree}}") == state.tree
    assert (await commits.tree_state(path)).dirty is False
    assert (path / ".git").read_text() == index


async def test_a_detached_and_an_unborn_head(person: Person, home: Home, tmp_path: Path) -> None:
    _, path = await worktree(person)
    home.git("switch", "--quiet", "--detach", cwd=path)
    assert (await commits.tree_state(path)).branch is None
    home.git("switch", "--quiet", "--orphan", "fresh", cwd=path)
    put(path, "only.txt", "only")
    state = await commits.tree_state(path)
    assert (state.head, state.branch, state.dirty) == (None, "fresh", True)


async def test_a_file_outside_a_sparse_checkout_is_committed_and_absent_ones_are_not_deleted(person: Person) -> None:
    person.git("sparse-checkout", "set", "--cone", "docs")
    _, path = await worktree(person)
    put(path, "elsewhere/new.txt", "new")
    commit = await commits.commit_all(path, "sparse")
    assert [change.path for change in await diffs.diffstat(path, f"{commit}~1", commit)] == ["elsewhere/new.txt"]


async def test_trailers_are_written_and_read(person: Person) -> None:
    _, path = await worktree(person)
    start = person.head
    put(path, "a.txt", "a")
    first = await commits.commit_all(path, "# Not a comment: kept\n\nBody.", {"Locus-Task": "42", "Locus-Run": "r1\n x"})
    second = await commits.commit_all(path, "Empty", {"Locus-Task": "43"})
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "by the agent", cwd=path)
    found = await commits.trailers_of(path, f"{start}..HEAD")
    assert found == [
        CommitTrailers(person.look("rev-parse", "HEAD", cwd=path), {}),
        CommitTrailers(second, {"Locus-Task": "43"}),
        CommitTrailers(first, {"Locus-Task": "42", "Locus-Run": "r1 x"}),
    ]
    assert person.look("log", "-1", "--format=%s", first) == "# Not a comment: kept"
    assert person.look("log", "-1", "--format=%an <%ae>", first) == "Ada Person <ada@example.invalid>"
    assert await commits.trailers_of(path, f"{start}..{start}") == []
    with pytest.raises(InvalidArguments):
        await commits.trailers_of(path, "--output=x")


async def test_nothing_to_commit(person: Person) -> None:
    _, path = await worktree(person)
    put(path, "noise.log", "ignored")
    with pytest.raises(Refused, match="nothing to commit"):
        await commits.commit_all(path, "nothing", allow_empty=False)
    put(path, "a.txt", "a")
    assert await commits.commit_all(path, "something", allow_empty=False)


async def test_a_person_with_odd_commit_settings(person: Person) -> None:
    for key, value in (
        ("commit.cleanup", "strip"),
        ("commit.verbose", "true"),
        ("commit.template", "/nowhere"),
        ("core.commentChar", "L"),
        ("core.editor", "false"),
        ("core.safecrlf", "true"),
        ("core.autocrlf", "input"),
        ("status.showUntrackedFiles", "no"),
        ("status.branch", "true"),
        ("status.relativePaths", "true"),
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("color.ui", "always"),
        ("log.showSignature", "true"),
        ("trailer.separators", "="),
    ):
        person.git("config", key, value)
    _, path = await worktree(person)
    put(path, "windows.txt", "a\r\nb\r\n")
    assert (await commits.tree_state(path)).changed == 1
    commit = await commits.commit_all(path, "Lines\n\nLooks like a comment", {"Locus-Task": "1"})
    assert "Looks like a comment" in person.look("log", "-1", "--format=%B", "--no-show-signature", commit)
    assert await diffs.diffstat(path, f"{commit}~1", commit) == [FileChange("windows.txt", "added", added=2)]
    assert "+++ b/windows.txt" in await diffs.diff(path, f"{commit}~1", commit, cap=10_000)


@pytest.mark.parametrize("hook", ["pre-commit", "commit-msg"])
async def test_a_failing_hook_is_quoted_and_nothing_is_lost(person: Person, hook: str) -> None:
    person.hook(hook, "echo 'line 1: trailing spaces' >&2\necho 'tidy up first'\nexit 1")
    _, path = await worktree(person)
    put(path, "a.txt", "a ")
    head, files = person.look("rev-parse", "HEAD", cwd=path), files_of(path)
    with pytest.raises(GitFailed, match="trailing spaces\ntidy up first") as failed:
        await commits.commit_all(path, "refused")
    assert failed.value.message.startswith("a commit hook refused the commit")
    assert failed.value.hint
    assert (person.look("rev-parse", "HEAD", cwd=path), files_of(path)) == (head, files)


async def test_a_hook_may_change_the_message(person: Person) -> None:
    person.hook("commit-msg", 'echo "Change-Id: I1" >> "$1"')
    _, path = await worktree(person)
    await commits.commit_all(path, "one", {"Locus-Task": "1"})
    assert (await commits.trailers_of(path, "HEAD~1..HEAD"))[0].trailers == {"Locus-Task": "1", "Change-Id": "I1"}


async def test_signing_without_a_terminal_fails_clearly(person: Person, tmp_path: Path) -> None:
    signer = put(tmp_path, "signer", "#!/bin/sh\necho 'no terminal' >&2\nexit 2\n", executable=True)
    person.git("config", "commit.gpgsign", "true")
    person.git("config", "gpg.program", str(signer))
    _, path = await worktree(person)
    put(path, "a.txt", "a")
    with pytest.raises(GitFailed, match="failed to sign") as failed:
        await commits.commit_all(path, "unsigned")
    assert "gpgsign false" in (failed.value.hint or "")


async def test_no_identity_fails_clearly(person: Person, home: Home) -> None:
    _, path = await worktree(person)
    home.gitconfig.write_text("[user]\n\tuseConfigOnly = true\n")
    with pytest.raises(GitFailed) as failed:
        await commits.commit_all(path, "nobody")
    assert "user.email" in (failed.value.hint or "")


async def test_nested_repositories_are_left_out_and_submodules_are_not(new_person: NewPerson) -> None:
    person = new_person("submodule")
    _, path = await worktree(person)
    for name in ("cloned", "empty"):
        (path / name).mkdir()
        person.home.git("init", "--quiet", cwd=path / name)
        put(path, f"{name}/inner.txt", "x")
    person.home.git("add", "--all", cwd=path / "cloned")
    person.home.git("commit", "--quiet", "-m", "inner", cwd=path / "cloned")
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "moved on", cwd=path / "vendor/lib")
    put(path, "a.txt", "a")
    state = await commits.tree_state(path)
    commit = await commits.commit_all(path, "not the nested")
    assert [change.path for change in await diffs.diffstat(path, f"{commit}~1", commit)] == ["a.txt", "vendor/lib"]
    assert person.look("rev-parse", f"{commit}^{{tree}}") == state.tree
    person.home.git("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "empty", cwd=path)
    (path / "empty").rename(path.parent / "empty-moved")
    second = await commits.commit_all(path, "still not")
    assert await diffs.diffstat(path, commit, second) == []
    assert (path / "cloned/inner.txt").exists()


async def test_odd_names_and_kinds_of_files(person: Person) -> None:
    _, path = await worktree(person)
    names = [b"new\nline", b'quo"te', b"back\\slash", b"-dash", b"\xff\xfe", "ünï".encode(), b" space ", b":(top)x", b"tab\tx"]
    for name in names:
        put(path, os.fsdecode(name), "x\n")
    (path / "link").symlink_to("nowhere")
    os.mkfifo(path / "fifo")
    commit = await commits.commit_all(path, "odd")
    changes = await diffs.diffstat(path, f"{commit}~1", commit)
    assert {change.path for change in changes} == {name.decode("utf-8", "backslashreplace") for name in names} | {"link"}
    assert all(change.path.encode() for change in changes)
    assert await objects.show_file(path, commit, "new\nline") == b"x\n"


async def test_diffstat_of_every_kind(person: Person) -> None:
    person.commit({"long.txt": "".join(f"{n}\n" for n in range(50)), "bin": b"a\0b", "gone.txt": "x\n", "kind": "file\n"})
    start = person.head
    _, path = await worktree(person)
    (path / "long.txt").rename(path / "renamed.txt")
    put(path, "bin", b"a\0c")
    (path / "gone.txt").unlink()
    (path / "kind").unlink()
    (path / "kind").symlink_to("README.md")
    put(path, "README.md", "# Other\nmore\n")
    (path / "src/app.py").chmod(0o755)
    end = await commits.commit_all(path, "changes")
    assert {change.path: change for change in await diffs.diffstat(path, start, end)} == {
        "renamed.txt": FileChange("renamed.txt", "renamed", old_path="long.txt"),
        "bin": FileChange("bin", "modified", binary=True),
        "gone.txt": FileChange("gone.txt", "deleted", deleted=1),
        "kind": FileChange("kind", "type-changed", added=1, deleted=1),
        "README.md": FileChange("README.md", "modified", added=2, deleted=1),
        "src/app.py": FileChange("src/app.py", "modified"),
    }


async def test_a_diff_is_cut_at_a_line(person: Person) -> None:
    start = person.head
    end = person.commit({"big.txt": "".join(f"line {n}\n" for n in range(200_000))})
    whole = await diffs.diff(person.path, start, end, cap=100_000_000)
    for cap in (1000, 100_000):
        cut = await diffs.diff(person.path, start, end, cap=cap)
        body, marker, _ = cut.partition("[... cut")
        assert marker
        assert whole.startswith(body)
        assert body.endswith("\n")
        assert cap - 200 < len(body) <= cap
    assert "cut" not in whole


async def test_show_file(person: Person) -> None:
    assert await objects.show_file(person.path, "HEAD", "README.md") == b"# A small project\n"
    assert await objects.show_file(person.path, "HEAD", "nothing") is None
    assert await objects.show_file(person.path, "HEAD", "src") is None
    person.write("on-disk-only.txt", "x")
    assert await objects.show_file(person.path, "HEAD", "on-disk-only.txt") is None
    with pytest.raises(GitFailed):
        await objects.show_file(person.path, "nowhere", "README.md")


async def test_asking_for_objects(person: Person) -> None:
    old = person.head
    new = person.commit()
    person.git("tag", "-a", "-m", "v1", "v1")
    assert await objects.rev_parse(person.path, "HEAD", "nothing", "HEAD~1", "refs/heads/main^{commit}") == [new, None, old, new]
    assert await objects.rev_parse(person.path) == []
    assert await objects.commit_of(person.path, "v1") == new
    assert await objects.commit_of(person.path, "nothing") is None
    assert await objects.is_ancestor(person.path, old, new)
    assert not await objects.is_ancestor(person.path, new, old)
    with pytest.raises(GitFailed):
        await objects.is_ancestor(person.path, "nothing", new)
    assert await objects.merge_base(person.path, old, new) == old
    unrelated = person.look("commit-tree", "HEAD^{tree}", "-m", "unrelated")
    assert await objects.merge_base(person.path, new, unrelated) is None


@pytest.mark.parametrize("kind", ["plain", "sha256"])
async def test_refs_move_together_or_not_at_all(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    commit = person.head
    await objects.update_refs(person.path, [RefUpdate("refs/locus/a", commit, ""), RefUpdate("refs/locus/b", commit)])
    with pytest.raises(GitFailed):
        await objects.update_refs(person.path, [RefUpdate("refs/locus/c", commit), RefUpdate("refs/locus/a", commit, "")])
    assert await objects.rev_parse(person.path, "refs/locus/a", "refs/locus/b", "refs/locus/c") == [commit, commit, None]
    await objects.update_ref(person.path, "refs/locus/a", None, commit)
    await objects.update_ref(person.path, "refs/locus/b", None)
    assert await objects.rev_parse(person.path, "refs/locus/a", "refs/locus/b") == [None, None]


@pytest.mark.parametrize("kind", ["plain", "sha256", "shallow", "bare"])
async def test_a_commits_files_and_those_before_it(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    assert await objects.tree_paths(person.path, "HEAD") == [".gitignore", "README.md", "src/app.py", "src/util.py"]
    subjects = await objects.recent_subjects(person.path, "HEAD", 2)
    assert subjects == person.look("log", "-2", "--format=%h %s").splitlines()
    assert subjects[0].startswith(person.look("rev-parse", "--short", "HEAD"))


async def test_all_files_of_a_commit_from_anywhere_in_it(person: Person) -> None:
    person.commit({"a b\nc.txt": "1", "ä.txt": "2"})
    assert {"a b\nc.txt", "ä.txt", "src/app.py"} <= set(await objects.tree_paths(person.path / "src", "HEAD"))


async def test_a_commit_is_known_to_the_remote_once_a_branch_of_it_holds_it(person: Person) -> None:
    assert await objects.known_to_remote(person.path, person.head, "origin")
    assert not await objects.known_to_remote(person.path, person.head, "upstream")
    own = person.commit({"own.txt": "1"})
    assert not await objects.known_to_remote(person.path, own, "origin")
    person.git("push", "--quiet", "origin", "main")
    assert await objects.known_to_remote(person.path, own, "origin")
