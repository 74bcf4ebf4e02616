"""HEAD and remotes, read in this process by GitPython: for a server that is asked again and again, a process each time is too much.

Only what GitPython reads from plain files is asked of it: refs and configuration. Objects, and whatever it could see differently from git
(SHA-256, reftable, includes, rewritten URLs), are git's to answer. Its import takes some 80 ms and starts git twice: once, when first
needed, never in a runner.
"""

from __future__ import annotations

import asyncio
import configparser
import os
import re
import shutil
import sys
import threading
from pathlib import Path

from locus.errors import Refused
from locus.process import git_env
from locus.repo import facts, gitconfig
from locus.repo.discover import Repository, common_dir_of, linked_git_dir, repository_config
from locus.repo.facts import Head
from locus.repo.remotes import choose, configured

_LOADING = threading.Lock()
_REFRESH = "GIT_PYTHON_REFRESH"
_MISLEADING = ("GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE")
"""GitPython obeys these; our git commands never see them."""
_SECTION = re.compile(r'(?P<name>remote|branch) +"(?P<sub>[^"\\]+)"')
_DECISIVE = re.compile(r"(?:remote|branch|url|include|includeif)\b", re.IGNORECASE)
_ON_ONE_LINE = re.compile(rb"^[ \t]*\[.*\][ \t]*[^\s]", re.MULTILINE)
_TELLING = ("url", "remote", "pushremote", "gh-resolved")
_PLAIN = re.compile(r"[\w@:/.~+%=,&?-]+")
"""Values that need no quotes, escapes or comments to be understood."""

Values = dict[tuple[str, str, str], list[str]]
"""Section, sub-section and key to the values, in git's order."""


async def head_of(worktree: Path) -> Head:
    """HEAD of a checkout or bare repository, as `facts.head_of` has it."""
    return await asyncio.to_thread(_head, worktree) or await facts.head_of(worktree)


async def remote(repo: Repository) -> str | None:
    """The remote to talk to, as `facts.remote` has it."""
    values = await asyncio.to_thread(_remotes, repo)
    if values is None:
        return await facts.remote(repo)
    entries = [(f"{section}.{sub}.{key}", value) for (section, sub, key), said in values.items() for value in said]
    return choose(configured(entries, (await head_of(repo.here)).branch)).push


async def remote_url(repo: Repository, name: str) -> str | None:
    """With `insteadOf` applied; None for an unknown remote. It may hold credentials: not for showing."""
    values = await asyncio.to_thread(_remotes, repo)
    urls = values.get(("remote", name, "url"), []) if values is not None else []
    return urls[0] if len(urls) == 1 else await facts.remote_url(repo, name)


def _head(worktree: Path) -> Head | None:
    """None where git has to be asked: no commit yet, a ref that is no plain file, a folder inside a checkout."""
    try:
        git_dir = linked_git_dir(worktree) if (worktree / ".git").exists() else worktree
    except Refused:
        return None
    if not _readable(common_dir_of(git_dir)) or (git_dir / "HEAD").is_symlink():
        return None
    _load()
    from git import InvalidGitRepositoryError, NoSuchPathError, Repo, SymbolicReference

    try:
        with Repo(worktree, expand_vars=False) as repo:
            if repo.head.is_detached:
                return Head(None, SymbolicReference.dereference_recursive(repo, repo.head.path))
            branch = repo.head.reference
            if not branch.is_detached:  # the branch is another's alias
                return None
            commit = SymbolicReference.dereference_recursive(repo, branch.path)
            return Head(str(branch.path).removeprefix("refs/heads/"), commit) if str(branch.path).startswith("refs/heads/") else None
    except (InvalidGitRepositoryError, NoSuchPathError, OSError, ValueError, TypeError, AssertionError):
        return None  # TypeError, AssertionError: how GitPython tells of an unusual HEAD and an empty file


def _remotes(repo: Repository) -> Values | None:
    """What the configuration says of remotes and branches; None where only git can tell."""
    files = _configuration_files(repo.common_dir)
    if files is None or not _readable(repo.common_dir):
        return None
    values: Values = {}
    for file in files:
        try:
            sections = _sections(file)
        except (OSError, ValueError, configparser.Error):
            return None
        for section, options in sections:
            if _DECISIVE.match(section) is None:
                continue
            named = _SECTION.fullmatch(section)
            if named is None:  # an include, a rewritten URL, an unusual spelling
                return None
            for key, said in options:
                if key.lower() in _TELLING:
                    plain = [value for value in said if value is not None and _PLAIN.fullmatch(value)]
                    if len(plain) < len(said):
                        return None
                    values.setdefault((named["name"], named["sub"], key.lower()), []).extend(plain)
    return values


def _sections(file: Path) -> list[tuple[str, list[tuple[str, list[str | None]]]]]:
    """Sections of a file by their headers, with their options. Raises ValueError for what GitPython would pass over unseen."""
    _load()
    from git import GitConfigParser

    try:
        if _ON_ONE_LINE.search(file.read_bytes()):
            raise ValueError(f"{file}: something stands behind a section's header")
    except (FileNotFoundError, NotADirectoryError):
        return []
    parser = GitConfigParser(str(file), read_only=True, merge_includes=False)
    return [(section, parser.items_all(section)) for section in parser.sections()]


def _readable(common_dir: Path) -> bool:
    """GitPython reads this kind of repository, and the environment does not lead it astray."""
    config = repository_config(common_dir)
    return (
        config.get("extensions.objectformat", "sha1") == "sha1"
        and config.get("extensions.refstorage", "files") == "files"
        and not gitconfig.truth(config.get("extensions.worktreeconfig"))
        and not any(name in os.environ for name in _MISLEADING)
    )


def _configuration_files(common_dir: Path) -> list[Path] | None:
    """Those that git reads, in its order. None where their places are git's secret, or the environment holds configuration."""
    env = git_env()
    if "GIT_CONFIG_COUNT" in env:
        return None
    found: list[Path] = []
    if env.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("1", "true", "yes", "on"):
        if "GIT_CONFIG_SYSTEM" in env:
            found.append(Path(env["GIT_CONFIG_SYSTEM"]))
        elif sys.platform == "linux" and shutil.which("git", path=env.get("PATH")) in ("/usr/bin/git", "/bin/git"):
            found.append(Path("/etc/gitconfig"))
        else:
            return None  # where git was built to look
    if "GIT_CONFIG_GLOBAL" in env:
        found.append(Path(env["GIT_CONFIG_GLOBAL"]))
    elif "HOME" in env:
        home = Path(env["HOME"])
        found += [Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "git/config", home / ".gitconfig"]
    else:
        return None
    return [*found, common_dir / "config"]


def _load() -> None:
    """Imports GitPython once. Without git it would raise; the variable that says otherwise stands only as long as that takes."""
    with _LOADING:
        if "git" in sys.modules:
            return
        before = os.environ.get(_REFRESH)
        os.environ[_REFRESH] = "quiet"
        try:
            import git  # noqa: F401 - whoever uses it imports it again
        finally:
            if before is None:
                del os.environ[_REFRESH]
            else:
                os.environ[_REFRESH] = before
