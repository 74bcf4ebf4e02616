"""Submodules of a new worktree, cloned from the copies that the person's own checkout has: no network, no change to its configuration."""

from __future__ import annotations

from pathlib import Path

from locus.repo.discover import Repository, linked_git_dir
from locus.repo.git import NETWORK_TIMEOUT, GitFailed, git


async def initialise(repo: Repository, worktree: Path) -> None:
    """Checks out the submodules that the main checkout has (in a bare repository all), to any depth. Raises GitFailed, naming it."""
    await _initialise(worktree, repo.common_dir / "modules", everything=repo.bare)


async def _initialise(checkout: Path, copies: Path, *, everything: bool) -> None:
    for name, path in (await named(checkout)).items():
        copy = copies / name
        if ".." in Path(name).parts or Path(name).is_absolute() or ".." in Path(path).parts:
            continue  # git refuses such names too
        if not copy.is_dir() and not everything:
            continue
        here = checkout / path
        overrides = ["-c", f"submodule.{name}.active=true"]
        if copy.is_dir():
            overrides += ["-c", f"submodule.{name}.url={copy}", "-c", "protocol.file.allow=always"]
        init = () if copy.is_dir() else ("--init",)
        try:
            await git(*(*overrides, "submodule", "--quiet", "update", *init, "--force", "--", path), cwd=checkout, timeout=NETWORK_TIMEOUT)
        except GitFailed as error:
            raise GitFailed(
                f"submodule `{name}` cannot be checked out: {error.message}",
                error.hint or f"run `git submodule update --init {path}` in your own checkout first",
                code=error.code,
                stdout=error.stdout,
                stderr=error.stderr,
            ) from error
        if not (here / ".git").exists():
            continue
        if copy.is_dir():
            await _point_at_origin(here, copy)
        await _initialise(here, copy / "modules", everything=everything)


async def _point_at_origin(checkout: Path, copy: Path) -> None:
    """The clone's `origin` is where the person's own copy has it, not the copy."""
    url = await git("config", "--file", copy / "config", "--get", "remote.origin.url", cwd=checkout, check=False)
    if url.code == 0 and url.out:
        await git("config", "--file", linked_git_dir(checkout) / "config", "remote.origin.url", url.out, cwd=checkout)


async def named(checkout: Path) -> dict[str, str]:
    """Name to path, as .gitmodules has them."""
    if not (checkout / ".gitmodules").is_file():
        return {}
    done = await git("config", "-z", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$", cwd=checkout, check=False)
    pairs = (entry.decode("utf-8", "surrogateescape").partition("\n") for entry in done.stdout.split(b"\0") if entry)
    return {key.removeprefix("submodule.").removesuffix(".path"): path for key, _, path in pairs}
