"""Throw-away repositories as a person has them, and the proof that nobody but the test itself changed them.

`person` and `new_person` are fixtures of the whole suite. The fingerprint (HEAD, index, files, stash, configuration, refs that are not
ours) of each is compared at the end of the test, and before each change that the test makes through the Person's own methods.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

IDENTITY = "[user]\n\tname = Ada Person\n\temail = ada@example.invalid\n"
FILES = {
    "README.md": "# A small project\n",
    "src/app.py": "".join(f"def function_{n}():\n    return {n}\n\n" for n in range(10)),
    "src/util.py": "LIMIT = 10\n",
    ".gitignore": "*.log\nbuild/\n",
}
OURS = ("refs/heads/locus/", "refs/locus/")

Fingerprint = dict[str, str]


class Home:
    """A home of the test's own; nothing of the machine's git configuration is seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gitconfig = path / "gitconfig"
        path.mkdir(parents=True, exist_ok=True)
        self.gitconfig.write_text(IDENTITY)
        self.env = {
            "HOME": str(path),
            "PATH": f"{Path(shutil.which('git') or '/usr/bin/git').parent}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self.gitconfig),
        }

    def git(self, *args: str | Path, cwd: Path, input: bytes = b"", check: bool = True, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(["git", *args], cwd=cwd, input=input, env={**self.env, **(env or {})}, capture_output=True, check=False)
        assert not check or done.returncode == 0, f"git {args} in {cwd}: {done.stderr.decode('utf-8', 'replace')}"
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


class Person:
    """A repository with its owner. `git` and the other methods are what the person does; `look` asks without changing anything."""

    def __init__(self, path: Path, home: Home, remote: Path | None = None) -> None:
        self.path = path
        self.home = home
        self.env = home.env
        self.remote = remote
        self.taken: Fingerprint = {}
        self.retake()

    # The proof

    def fingerprint(self) -> Fingerprint:
        mine = fingerprint(self.path)
        if self.remote is not None and self.remote.exists():
            mine |= {f"remote {name}": value for name, value in foreign_refs(self.remote).items()}
        return mine

    def retake(self) -> None:
        self.taken = self.fingerprint()

    def check(self) -> None:
        """Fails where anything but the person's own methods changed the repository since the fingerprint was taken."""
        now = self.fingerprint()
        different = sorted(key for key in {*now, *self.taken} if now.get(key) != self.taken.get(key))
        told = "\n".join(f"  {key}: {self.taken.get(key, 'absent')} -> {now.get(key, 'absent')}" for key in different)
        assert not different, f"somebody changed {self.path}:\n{told}"

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """For changes that the test makes by hand."""
        self.check()
        yield
        self.retake()

    # What the person does

    def look(self, *args: str | Path, cwd: Path | None = None, check: bool = True) -> str:
        """A git command that reads; leaves the index alone."""
        return self.home.git(*args, cwd=cwd or self.path, check=check, env={"GIT_OPTIONAL_LOCKS": "0"})

    def git(self, *args: str | Path, cwd: Path | None = None, input: bytes = b"", check: bool = True) -> str:
        with self.changing():
            return self.home.git(*args, cwd=cwd or self.path, input=input, check=check)

    def write(self, name: str, content: str | bytes, *, executable: bool = False) -> Path:
        with self.changing():
            return put(self.path, name, content, executable=executable)

    def delete(self, name: str) -> None:
        with self.changing():
            (self.path / name).unlink()

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "The person's work") -> str:
        """Writes `files`, commits everything, and returns the commit."""
        with self.changing():
            for name, content in (files or {}).items():
                put(self.path, name, content)
            self.home.git("add", "--all", cwd=self.path)
            self.home.git("commit", "--quiet", "--allow-empty", "-m", message, cwd=self.path)
        return self.look("rev-parse", "HEAD")

    def hook(self, name: str, script: str) -> None:
        """A shell script as a hook of this repository."""
        with self.changing():
            folder = self.path / self.look("rev-parse", "--git-common-dir") / "hooks"
            put(folder, name, f"#!/bin/sh\n{script}\n", executable=True)

    def hook_of_remote(self, name: str, script: str) -> Path:
        """The same in the remote; to be deleted by whoever wants it gone."""
        assert self.remote is not None
        return put(self.remote / "hooks", name, f"#!/bin/sh\n{script}\n", executable=True)

    def commit_on_remote(
        self, files: Mapping[str, str | bytes | None], *, branch: str = "main", message: str = "A colleague's work"
    ) -> str:
        """A colleague's commit on the remote's branch; a file that is None is deleted."""
        assert self.remote is not None
        with self.changing():
            import_commit(self.home, self.remote, f"refs/heads/{branch}", files, message)
        return self.tip(branch) or ""

    def on_remote(self, *args: str | Path) -> str:
        """A git command in the remote itself."""
        assert self.remote is not None
        with self.changing():
            return self.home.git(*args, cwd=self.remote)

    # What is to be seen

    def tip(self, branch: str) -> str | None:
        """Where a branch of the remote stands."""
        assert self.remote is not None
        return all_refs(self.remote).get(f"refs/heads/{branch}")

    @property
    def head(self) -> str:
        return self.look("rev-parse", "HEAD")


def put(folder: Path, name: str, content: str | bytes, *, executable: bool = False) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if executable:
        path.chmod(0o755)
    return path


def import_commit(home: Home, repository: Path, ref: str, files: Mapping[str, str | bytes | None], message: str) -> None:
    """A commit without a checkout, on top of what `ref` is at."""
    stream = [f"commit {ref}\ncommitter Cole League <cole@example.invalid> now\ndata {len(message.encode())}\n{message}\n".encode()]
    if ref in all_refs(repository):
        stream.append(f"from {ref}^0\n".encode())
    for name, content in files.items():
        if content is None:
            stream.append(f"D {name}\n".encode())
        else:
            data = content.encode() if isinstance(content, str) else content
            stream.append(f"M 100644 inline {name}\ndata {len(data)}\n".encode() + data + b"\n")
    home.git("fast-import", "--quiet", "--date-format=now", cwd=repository, input=b"".join(stream))


# Fingerprints, read from files: no git process that could itself touch something.


def fingerprint(path: Path) -> Fingerprint:
    """Everything of a repository that belongs to the person."""
    git_dir, common = git_dirs(path)
    found: Fingerprint = {f"ref {name}": value for name, value in foreign_refs(common).items()}
    for name in ("HEAD", "index", "logs/HEAD", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "config.worktree"):
        found[name] = _digest(git_dir / name)
    for name in ("config", "logs/refs/stash", "packed-refs.lock", "index.lock"):
        found[f"common {name}"] = _digest(common / name)
    found |= {f"hook {hook.name}": _digest(hook) for hook in sorted((common / "hooks").glob("*"))}
    found |= {f"worktree {name}": where for name, where in _own_worktrees(common)}
    if git_dir != path:
        found |= {f"file {name}": value for name, value in files_of(path, skip=(".locus",)).items()}
    return found


def git_dirs(path: Path) -> tuple[Path, Path]:
    """The git directory of a checkout (or bare repository) and the common one."""
    dot_git = path / ".git"
    if dot_git.is_file():
        git_dir = (path / dot_git.read_text().removeprefix("gitdir:").strip()).resolve()
    else:
        git_dir = dot_git if dot_git.is_dir() else path
    common = git_dir / "commondir"
    return git_dir, (git_dir / common.read_text().strip()).resolve() if common.exists() else git_dir


def all_refs(common: Path) -> dict[str, str]:
    refs: dict[str, str] = {}
    packed = common / "packed-refs"
    for line in packed.read_text().splitlines() if packed.exists() else []:
        if line[:1] not in "#^":
            commit, name = line.split(" ", 1)
            refs[name] = commit
    for file in (common / "refs").rglob("*"):
        if file.is_file():
            refs[str(file.relative_to(common))] = file.read_text().strip()
    return refs


def foreign_refs(common: Path) -> dict[str, str]:
    """Refs that are not ours: neither locus branches, nor what tracks them, nor our own name space."""
    return {name: value for name, value in all_refs(common).items() if not name.startswith(OURS) and not _tracks_ours(name)}


def files_of(folder: Path, *, skip: tuple[str, ...] = ()) -> dict[str, str]:
    """Every file, link and its mode below a folder, .git folders excepted, as `mode digest`."""
    found: dict[str, str] = {}
    for here, folders, files in os.walk(os.fsencode(folder)):
        at_top = here == os.fsencode(folder)
        folders[:] = [name for name in folders if name != b".git" and not (at_top and os.fsdecode(name) in skip)]
        for name in (*files, *(name for name in folders if os.path.islink(os.path.join(here, name)))):
            full = os.path.join(here, name)
            if name == b".git":
                continue
            info = os.lstat(full)
            relative = os.fsdecode(os.path.relpath(full, os.fsencode(folder)))
            if stat.S_ISLNK(info.st_mode):
                found[relative] = f"link {os.fsdecode(os.readlink(full))}"
            elif stat.S_ISREG(info.st_mode):
                with open(full, "rb") as file:
                    found[relative] = f"{'executable' if info.st_mode & 0o100 else 'file'} {hashlib.sha1(file.read()).hexdigest()}"
    return found


def _tracks_ours(name: str) -> bool:
    parts = name.split("/", 3)
    return parts[:2] == ["refs", "remotes"] and len(parts) == 4 and parts[3].startswith("locus/")


def _digest(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest() if path.is_file() else "absent"


def _own_worktrees(common: Path) -> Iterator[tuple[str, str]]:
    for record in (common / "worktrees").glob("*"):
        where = (record / "gitdir").read_text().strip() if (record / "gitdir").exists() else "?"
        if f"/.locus/worktrees/{record.name}/" not in where and ".locus/worktrees/" not in where:
            yield record.name, where


# Making them: a prepared repository is copied, which is faster than making one.


class NewPerson(Protocol):
    def __call__(self, kind: str = "plain", *, remote: bool = True, name: str = "project") -> Person: ...


def _plain(home: Home, path: Path, *options: str, branch: str = "main", files: Mapping[str, str] | None = None) -> None:
    path.mkdir(parents=True)
    home.git("init", "--quiet", f"--initial-branch={branch}", *options, cwd=path)
    for name, content in (FILES if files is None else files).items():
        put(path, name, content)
    home.git("add", "--all", cwd=path)
    home.git("commit", "--quiet", "-m", "A small project", cwd=path)


def _empty(home: Home, path: Path) -> None:
    path.mkdir(parents=True)
    home.git("init", "--quiet", "--initial-branch=main", cwd=path)


def _submodule(home: Home, path: Path) -> None:
    """A submodule `lib` at vendor/lib that has one itself (`deep`)."""
    allow = ("-c", "protocol.file.allow=always")
    source = path.parent / "sources"
    _plain(home, source / "deep", files={"deep.txt": "deep\n"})
    _plain(home, source / "lib", files={"lib.txt": "lib\n"})
    home.git(*allow, "submodule", "--quiet", "add", "--name", "deep", str(source / "deep"), "inner/deep", cwd=source / "lib")
    home.git("commit", "--quiet", "-m", "With a submodule", cwd=source / "lib")
    _plain(home, path)
    home.git(*allow, "submodule", "--quiet", "add", "--name", "lib", str(source / "lib"), "vendor/lib", cwd=path)
    home.git(*allow, "submodule", "--quiet", "update", "--init", "--recursive", cwd=path)
    home.git("commit", "--quiet", "-m", "With a submodule", cwd=path)


def _shallow(home: Home, path: Path) -> None:
    _plain(home, path)
    for number in range(3):
        put(path, "src/util.py", f"LIMIT = {number}\n")
        home.git("commit", "--quiet", "--all", "-m", f"Limit {number}", cwd=path)


KINDS: dict[str, Callable[[Home, Path], None]] = {
    "plain": _plain,
    "master": lambda home, path: _plain(home, path, branch="master"),
    "sha256": lambda home, path: _plain(home, path, "--object-format=sha256"),
    "no-commits": _empty,
    "submodule": _submodule,
    "shallow": _shallow,
    "bare": _plain,
}
"""`shallow` is a clone of depth 1 of the remote, `bare` the bare repository without a checkout."""


class Prepared:
    """One prepared repository of each kind, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._home = Home(folder / "home")

    def of(self, kind: str) -> Path:
        """A folder with `project` and its bare remote `origin.git`."""
        folder = self._folder / kind
        if not folder.exists():
            making = self._folder / f"{kind}.making"
            KINDS[kind](self._home, making / "project")
            if kind != "no-commits":
                self._home.git("clone", "--quiet", "--bare", "--no-hardlinks", "project", "origin.git", cwd=making)
                self._home.git("remote", "remove", "origin", cwd=making / "origin.git")
            else:
                shutil.copytree(making / "project" / ".git", making / "origin.git")
                self._home.git("config", "core.bare", "true", cwd=making / "origin.git")
            for repository in (making / "project" / ".git", making / "origin.git"):
                for sample in (repository / "hooks").glob("*.sample"):
                    sample.unlink()
            making.rename(folder)
        return folder

    def copy(self, kind: str, folder: Path, home: Home, *, remote: bool, name: str) -> Person:
        source = self.of(kind)
        path, origin = folder / name, folder / f"{name}-origin.git"
        if remote or kind in ("shallow", "bare"):
            shutil.copytree(source / "origin.git", origin, symlinks=True)
        if kind == "bare":
            return Person(origin, home)
        if kind == "shallow":
            home.git("clone", "--quiet", "--depth=1", origin.as_uri(), str(path), cwd=folder)
            return Person(path, home, origin)
        shutil.copytree(source / "project", path, symlinks=True)
        if remote:
            home.git("remote", "add", "origin", str(origin), cwd=path)
            home.git("fetch", "--quiet", "origin", cwd=path)
            if kind != "no-commits":
                home.git("remote", "set-head", "origin", "--auto", cwd=path)
        home.git("status", cwd=path)  # the copies are new files: let the index know them
        return Person(path, home, origin if remote else None)


# Fixtures; tests/conftest.py takes them in.


@pytest.fixture(scope="session")
def prepared_repositories(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Home:
    """This process sees the test's own home and git configuration, as the children do."""
    made = Home(tmp_path_factory.mktemp("home"))
    for variable in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "SSH_", "GPG_", "LOCUS_"))]:
        monkeypatch.delenv(variable)
    for variable, value in made.env.items():
        if variable != "PATH":
            monkeypatch.setenv(variable, value)
    return made


@pytest.fixture
def new_person(prepared_repositories: Prepared, home: Home, tmp_path: Path) -> Iterator[NewPerson]:
    """Makes Persons; each is compared with its fingerprint at the end."""
    made: list[Person] = []

    def make(kind: str = "plain", *, remote: bool = True, name: str = "project") -> Person:
        person = prepared_repositories.copy(kind, tmp_path, home, remote=remote, name=name)
        made.append(person)
        return person

    yield make
    for person in made:
        person.check()


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    """The usual case: a small project on main with a bare remote."""
    return new_person()
