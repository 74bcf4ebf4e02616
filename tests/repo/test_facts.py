"""What is so in a repository, in every state a person can have it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.errors import InvalidArguments, LocusError, Refused
from locus.repo import facts, gitconfig, names
from locus.repo.git import GitFailed, git, hint_for, version
from support.repos import Home, NewPerson, Person, put


def test_discovers_from_anywhere_inside(person: Person) -> None:
    found = [facts.discover(person.path / inside) for inside in ("", "src", "src/app.py", "src/missing/deeper")]
    assert len(set(found)) == 1
    repo = found[0]
    assert (repo.main, repo.toplevel, repo.common_dir, repo.bare) == (person.path, person.path, person.path / ".git", False)
    assert (repo.worktrees_dir, repo.state_dir) == (person.path / ".locus/worktrees", person.path / ".git/locus")


def test_discovers_through_a_link(person: Person, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(person.path)
    assert facts.discover(tmp_path / "link/src") == facts.discover(person.path)


def test_a_linked_worktree_shares_main_and_state(person: Person, tmp_path: Path) -> None:
    person.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    main, linked = facts.discover(person.path), facts.discover(tmp_path / "linked/src")
    assert (linked.main, linked.state_dir, linked.locus_dir) == (main.main, main.state_dir, main.locus_dir)
    assert linked.toplevel == tmp_path / "linked"
    assert linked.git_dir != main.git_dir


def test_a_bare_repository_keeps_its_worktrees_beside_it(new_person: NewPerson, tmp_path: Path) -> None:
    bare = new_person("bare")
    repo = facts.discover(bare.path)
    assert (repo.bare, repo.main, repo.toplevel) == (True, bare.path, None)
    assert repo.worktrees_dir == bare.path.with_name(f"{bare.path.name}.locus") / "worktrees"
    bare.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    linked = facts.discover(tmp_path / "linked")
    assert (linked.main, linked.worktrees_dir, linked.toplevel) == (repo.main, repo.worktrees_dir, tmp_path / "linked")


def test_a_submodule_is_a_repository_of_its_own(new_person: NewPerson) -> None:
    outer = new_person("submodule")
    inner = facts.discover(outer.path / "vendor/lib")
    assert (inner.main, inner.toplevel) == (outer.path / "vendor/lib", outer.path / "vendor/lib")
    assert inner.common_dir == outer.path / ".git/modules/lib"


def test_a_separate_git_dir_and_the_inside_of_one(person: Person, tmp_path: Path) -> None:
    assert facts.discover(person.path / ".git/refs").main == person.path
    put(tmp_path, "elsewhere/file", "")
    person.home.git("init", "--quiet", f"--separate-git-dir={tmp_path / 'gitdir'}", cwd=tmp_path / "elsewhere")
    repo = facts.discover(tmp_path / "elsewhere")
    assert (repo.main, repo.common_dir) == (tmp_path / "elsewhere", tmp_path / "gitdir")


def test_git_dir_of_the_environment_is_ignored(new_person: NewPerson, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = new_person(name="one"), new_person(name="other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert facts.discover(one.path).main == one.path


async def test_git_commands_ignore_it_too(new_person: NewPerson, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = new_person(name="one"), new_person(name="other")
    other.git("switch", "--quiet", "-c", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert (await facts.head(facts.discover(one.path))).branch == "main"


@pytest.mark.parametrize("damage", ["nothing", "dangling", "garbage"])
def test_not_a_repository_is_refused(tmp_path: Path, damage: str) -> None:
    if damage != "nothing":
        (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n" if damage == "dangling" else "\0\xff")
    with pytest.raises(Refused) as refused:
        facts.discover(tmp_path)
    assert refused.value.hint


def test_discovering_starts_no_process(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert facts.discover(person.path).main == person.path


async def test_head_of_a_branch_detached_and_unborn(new_person: NewPerson) -> None:
    person = new_person()
    repo = facts.discover(person.path)
    assert await facts.head(repo) == facts.Head("main", person.head)
    person.git("switch", "--quiet", "-c", "feature/one")
    assert (await facts.head(repo)).branch == "feature/one"
    person.git("switch", "--quiet", "--detach")
    assert await facts.head(repo) == facts.Head(None, person.head)
    unborn = facts.discover(new_person("no-commits", name="unborn").path)
    assert await facts.head(unborn) == facts.Head("main", None)
    with pytest.raises(Refused, match="no commits"):
        await facts.require_commits(unborn)


async def test_sha256_shallow_submodules_bare(new_person: NewPerson) -> None:
    sha256, shallow, bare = (facts.discover(new_person(kind, name=kind).path) for kind in ("sha256", "shallow", "bare"))
    assert facts.object_format(sha256) == "sha256"
    assert len(await facts.require_commits(sha256)) == 64
    assert facts.object_format(shallow) == "sha1"
    assert facts.is_shallow(shallow)
    assert not facts.is_shallow(sha256)
    assert await facts.require_commits(bare)
    assert facts.has_submodules(new_person("submodule", name="sub").path)


async def test_no_identity_is_a_problem_with_a_hint(person: Person, home: Home) -> None:
    repo = facts.discover(person.path)
    assert await facts.identity_problem(repo) is None
    home.gitconfig.write_text("[user]\n\tname = Ada\n")
    problem = await facts.identity_problem(repo)
    assert isinstance(problem, Refused)
    assert "user.email" in (problem.hint or "")
    home.gitconfig.write_text("[user]\n\temail = ada@example.invalid\n")
    assert await facts.identity_problem(repo) is not None


async def test_identity_by_environment_is_enough(person: Person, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.gitconfig.write_text("")
    for variable in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(variable, "Ada")
    for variable in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(variable, "ada@example.invalid")
    assert await facts.identity_problem(facts.discover(person.path)) is None


async def test_signing_is_tried(person: Person, home: Home, tmp_path: Path) -> None:
    signer = put(tmp_path, "signer", "#!/bin/sh\necho 'cannot open terminal' >&2\nexit 2\n", executable=True)
    home.gitconfig.write_text(f"{home.gitconfig.read_text()}[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = {signer}\n")
    problem = await facts.identity_problem(facts.discover(person.path))
    assert isinstance(problem, LocusError)
    assert "without a terminal" in problem.message
    assert "commit.gpgsign false" in (problem.hint or "")
    put(tmp_path, "signer", "#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n", executable=True)
    assert await facts.identity_problem(facts.discover(person.path)) is None


async def test_branches(person: Person, tmp_path: Path) -> None:
    repo = facts.discover(person.path)
    assert await facts.branch_exists(repo, "main")
    assert not await facts.branch_exists(repo, "locus")
    await facts.require_branch_room(repo)
    person.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert await facts.checked_out(repo) == {"main": person.path, "side": tmp_path / "side"}
    person.git("branch", "locus")
    with pytest.raises(Refused, match="named `locus`") as refused:
        await facts.require_branch_room(repo)
    assert "git branch -m locus" in (refused.value.hint or "")
    person.git("branch", "-D", "locus")


async def test_the_remote_is_the_branchs_then_origin_then_the_only_one(person: Person) -> None:
    repo = facts.discover(person.path)
    assert await facts.remote(repo) == "origin"
    person.git("remote", "add", "fork", "../fork.git")
    assert await facts.remote(repo) == "origin"
    person.git("config", "branch.main.remote", "fork")
    assert await facts.remote(repo) == "fork"
    assert await facts.remote_url(repo, "fork") == "../fork.git"
    assert await facts.remote_url(repo, "--all") is None
    person.git("config", "branch.main.remote", ".")
    person.git("remote", "remove", "origin")
    assert await facts.remote(repo) == "fork"
    person.git("remote", "add", "third", "../third.git")
    assert await facts.remote(repo) is None


async def test_no_remote(new_person: NewPerson) -> None:
    assert await facts.remote(facts.discover(new_person(remote=False).path)) is None


@pytest.mark.parametrize("name", ["main", "feature/x", "ünï", "a.b", "locus/issue-1", "x@y"])
def test_names_that_git_takes(name: str, home: Home, tmp_path: Path) -> None:
    assert names.branch_ok(name)
    home.git("check-ref-format", "--branch", name, cwd=tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-x",
        "--upload-pack=x",
        "a..b",
        "a b",
        "a~1",
        "x.lock",
        "a/.b",
        "/a",
        "a/",
        "a//b",
        "@",
        "a@{1}",
        "a\nb",
        "a\\b",
        "HEAD",
        ".a",
        "a.",
    ],
)
def test_names_that_git_refuses(name: str, home: Home, tmp_path: Path) -> None:
    assert not names.branch_ok(name)
    with pytest.raises(InvalidArguments):
        names.head_ref(name)


@pytest.mark.parametrize("text", ["[core]\n\tbare = true\n", '[CORE] Bare=yes # "x"\n', "[core]\n bare\n", '[core]\nbare = "true" ; c\n'])
def test_config_is_read_as_git_reads_it(tmp_path: Path, home: Home, text: str) -> None:
    path = put(tmp_path, "config", text)
    assert gitconfig.truth(gitconfig.read(path).get("core.bare"))
    assert home.git("config", "--file", str(path), "--type=bool", "core.bare", cwd=tmp_path) == "true"


def test_config_values_with_quotes_and_subsections(tmp_path: Path, home: Home) -> None:
    path = put(tmp_path, "config", '[core]\n\tworktree = "../a \\"b\\" # c" # d\n[core "sub"]\n\tworktree = no\n[x]worktree=no\n')
    assert gitconfig.read(path)["core.worktree"] == home.git("config", "--file", str(path), "core.worktree", cwd=tmp_path) == '../a "b" # c'


async def test_a_failure_carries_gits_words_and_a_hint(person: Person) -> None:
    (person.path / ".git/index.lock").touch()
    with pytest.raises(GitFailed) as failed:
        await git("-c", "core.safecrlf=false", "add", "--all", cwd=person.path)
    (person.path / ".git/index.lock").unlink()
    assert failed.value.message.startswith("git add failed: ")
    assert "index.lock" in failed.value.message
    assert "another git command" in (failed.value.hint or "")
    assert failed.value.code == 128


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("fatal: write error: No space left on device", "disk space"),
        ("error: unable to create file x: Read-only file system", "read-only"),
        ("fatal: cannot mkdir x: Permission denied", "permissions"),
        ("Author identity unknown", "user.name"),
        ("error: gpg failed to sign the data", "gpgsign"),
        ("! [remote rejected] main -> main (pre-receive hook declined)", "hook"),
        ("! [rejected] main -> main (fetch first)", "moved"),
        ("fatal: Authentication failed for 'https://x/'", "credentials"),
        ("git@host: Permission denied (publickey).", "credentials"),
        ("ssh: Could not resolve hostname x", "network"),
        ("fatal: unable to access 'https://x/': Failed to connect", "network"),
    ],
)
def test_hints(words: str, hint: str) -> None:
    assert hint in (hint_for(words) or "")


async def test_messages_are_english_whatever_the_person_speaks(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with pytest.raises(GitFailed, match=r"unknown revision|Needed a single revision"):
        await git("rev-parse", "--verify", "nothing", cwd=person.path)


async def test_version(home: Home) -> None:
    assert home.git("version", cwd=home.path).startswith("git version " + ".".join(map(str, (await version())[:2])))
