"""What stood in worktrees when a task ended, and whether all of it can still be had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crash.history_trees import Tree, all_of, not_ignored
from locus.model.worktree import KeptWorktree
from support.house import House


@dataclass(frozen=True)
class Sighting:
    tree: Tree
    where: str
    when: str
    kept: bool
    """Seen when a task ended badly: the run itself has kept it by then, before anybody else could touch it."""


@dataclass
class Memory:
    """Trees seen in worktrees. One that has reached the remote's base is the project's from then on, and no longer ours to keep."""

    house: House
    seen: dict[str, Sighting] = field(default_factory=dict)
    boundaries: int = 0
    restored: int = 0

    def see(self, worktree: Path, when: str, *, kept: bool = False) -> None:
        """Nobody works in the worktree."""
        if (worktree / ".git").exists():
            tree = not_ignored(worktree, self.house.person.home)
            known = self.seen.get(tree.sha)
            self.boundaries += known is None or known.when != when
            if known is None or (kept and not known.kept):
                self.seen[tree.sha] = Sighting(tree, worktree.name, when, kept)

    def work_by_hand(self, worktree: Path) -> None:
        """Whoever changes files that only stand there, and not because a task ended badly, wants them changed."""
        now = not_ignored(worktree, self.house.person.home).sha
        if now in self.seen and not self.seen[now].kept:
            del self.seen[now]

    def see_all(self, when: str) -> None:
        for worktree in self.worktrees():
            self.see(worktree, when)

    def worktrees(self) -> list[Path]:
        return [self.house.ws.repo.worktrees_dir / name for name in self.house.worktrees()]

    def missing(self) -> list[Sighting]:
        """By hashes alone: what is neither in a worktree, on a branch, nor the tree of a kept commit."""
        there = {*self._standing(), *self._on_branches(), *self._below_kept(), *self._kept()}
        return list(self._not_in(there))

    async def lost(self, folder: Path) -> list[str]:
        """Every snapshot that is listed is really restored, below `folder`, and compared with what was seen."""
        had: dict[str, Tree] = {}
        for number, ref in enumerate(await self.listed()):
            place = folder / f"{number}"
            await self.house.call("locus.worktree.restore", ref=ref, path=str(place))
            tree = all_of(place)
            had[tree.sha] = tree
            self.restored += 1
        there = {*self._standing(), *self._on_branches(), *self._below_kept(), *had}
        return [_told(sighting, list(had.values())) for sighting in self._not_in(there)]

    def _not_in(self, there: set[str]) -> Iterator[Sighting]:
        gone = {sha: sighting for sha, sighting in self.seen.items() if sha not in there}
        beside = set(self._beside_repositories()) if gone else set()
        yield from (sighting for sha, sighting in gone.items() if sha not in beside)

    def _beside_repositories(self) -> Iterator[str]:
        """The files of branches and snapshots in which an agent has committed a repository of its own: they name its commit only, and a
        worktree that is made of them has an empty folder there."""
        for tree in {*self._log("--branches", "--remotes"), *self._kept()}:
            listed = [entry.partition("\t") for entry in self.house.person.look("ls-tree", "-rz", tree).split("\0") if entry]
            if any(head.startswith("160000") for head, _, _ in listed):
                files = {
                    os.fsencode(path): (head[:6].encode(), head.split()[2]) for head, _, path in listed if not head.startswith("160000")
                }
                yield Tree(files).sha

    async def listed(self) -> list[str]:
        """The snapshots that `locus worktree list` shows."""
        entries: list[KeptWorktree] = await self.house.call("locus.worktree.list")
        return [snapshot.ref for entry in entries for snapshot in entry.keep_refs]

    def forget_merged(self) -> None:
        remote = self.house.person.remote
        if remote is not None and remote.exists():
            for sha in self._log("main", cwd=remote):
                self.seen.pop(sha, None)

    def _standing(self) -> Iterator[str]:
        for worktree in self.worktrees():
            if (worktree / ".git").exists():
                yield not_ignored(worktree, self.house.person.home).sha

    def _on_branches(self) -> Iterator[str]:
        yield from self._log("--branches", "--remotes")
        if self.house.person.remote is not None and self.house.person.remote.exists():
            yield from self._log("--branches", cwd=self.house.person.remote)

    def _below_kept(self) -> list[str]:
        """The history that snapshots keep along, without the snapshots themselves."""
        parents = self.house.person.look("for-each-ref", "--format=%(parent)", "refs/locus/keep/").split("\n")
        heads = [parent.split()[0] for parent in parents if parent]
        return self._log(*heads) if heads else []

    def _log(self, *which: str, cwd: Path | None = None) -> list[str]:
        return self.house.person.look("log", "--format=%T", *which, cwd=cwd).splitlines()

    def _kept(self) -> list[str]:
        return self.house.person.look("for-each-ref", "--format=%(tree)", "refs/locus/keep/").splitlines()


def _told(sighting: Sighting, others: list[Tree]) -> str:
    nearest = min(others, key=lambda tree: len(sighting.tree.differences(tree)), default=Tree({}))
    different = "".join(f"\n      {line}" for line in sighting.tree.differences(nearest)[:8])
    return f"lost: {sighting.where} as seen {sighting.when} ({len(sighting.tree.files)} files); the nearest snapshot differs in{different}"
