"""Finds the repository around a path by reading its files; starts nothing, so an editor's first question costs no process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from locus.errors import Refused
from locus.repo import gitconfig


@dataclass(frozen=True)
class Repository:
    """One repository, seen from one of its checkouts. `main` is the same from each of them."""

    main: Path
    """The main worktree; for a bare repository the common directory."""
    toplevel: Path | None
    """The checkout that `discover` was asked about; None in a bare repository or inside a git directory."""
    common_dir: Path
    git_dir: Path
    """This checkout's own git directory; the common directory unless it is a linked worktree."""
    bare: bool

    @property
    def locus_dir(self) -> Path:
        """What people look at or commit."""
        return self.common_dir.with_name(f"{self.common_dir.name}.locus") if self.bare else self.main / ".locus"

    @property
    def worktrees_dir(self) -> Path:
        return self.locus_dir / "worktrees"

    @property
    def state_dir(self) -> Path:
        """Durable state, out of reach of clean, stash and checkout."""
        return self.common_dir / "locus"

    @property
    def here(self) -> Path:
        """Where git commands about the person's checkout run."""
        return self.toplevel or self.main


def discover(path: Path) -> Repository:
    """The repository that contains `path`. Raises Refused where there is none. `GIT_DIR` and its like are ignored."""
    start = Path(os.path.realpath(path))
    for folder in (start, *start.parents):
        dot_git = folder / ".git"
        if _is_git_dir(dot_git):
            return _repository(Path(os.path.realpath(dot_git)), folder)
        if dot_git.is_file():
            return _repository(linked_git_dir(folder), folder)
        if _is_git_dir(folder):
            return _repository(folder, None)
    raise Refused(f"{path} is not in a git repository", "run `git init` there and commit something first")


def linked_git_dir(folder: Path) -> Path:
    """Where `folder`'s `.git` leads: itself, or what the `gitdir:` line in it names. Raises Refused when that is gone."""
    dot_git = folder / ".git"
    try:
        content = os.fsdecode(dot_git.read_bytes())
    except OSError as error:
        if dot_git.is_dir():
            return Path(os.path.realpath(dot_git))
        raise Refused(f"{folder} is not a git checkout: {error.strerror}") from error
    target = content.removeprefix("gitdir:").strip()
    git_dir = Path(os.path.realpath(folder / target.partition("\0")[0]))
    if not content.startswith("gitdir:") or not _is_git_dir(git_dir):
        raise Refused(
            f"{dot_git} does not lead to a git directory",
            "its repository was moved or deleted; `git worktree repair` in the repository may help",
        )
    return git_dir


def common_dir_of(git_dir: Path) -> Path:
    try:
        named = os.fsdecode((git_dir / "commondir").read_bytes()).strip()
    except FileNotFoundError:
        return git_dir
    return Path(os.path.realpath(git_dir / named))


def repository_config(common_dir: Path) -> dict[str, str]:
    """core.*, extensions.* of the repository itself, with its main worktree's own file where it has one."""
    config = gitconfig.read(common_dir / "config")
    if gitconfig.truth(config.get("extensions.worktreeconfig")):
        config |= gitconfig.read(common_dir / "config.worktree")
    return config


def _is_git_dir(path: Path) -> bool:
    """As git decides it: a HEAD, and the refs and objects or the way to them."""
    return (path / "HEAD").is_file() and ((path / "commondir").is_file() or ((path / "objects").is_dir() and (path / "refs").is_dir()))


def _repository(git_dir: Path, toplevel: Path | None) -> Repository:
    common = common_dir_of(git_dir)
    config = repository_config(common)
    if gitconfig.truth(config.get("core.bare")):
        return Repository(main=common, toplevel=toplevel if git_dir != common else None, common_dir=common, git_dir=git_dir, bare=True)
    if "core.worktree" in config:
        main = Path(os.path.realpath(common / config["core.worktree"]))
    elif common.name == ".git":
        main = common.parent
    elif git_dir == common and toplevel is not None:
        main = toplevel
    elif git_dir == common:
        return Repository(main=common, toplevel=None, common_dir=common, git_dir=git_dir, bare=True)
    else:
        raise Refused(f"the main checkout of {common} cannot be found from a linked worktree", "open the main checkout instead")
    return Repository(
        main=main, toplevel=main if git_dir == common and toplevel else toplevel, common_dir=common, git_dir=git_dir, bare=False
    )
