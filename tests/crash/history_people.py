"""What people do to a repository in a history: in their own checkout, in our worktrees, and on the remote."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from crash import history_agent
from crash.histories import History, Step
from crash.history_memory import Memory
from locus.model.task import PullRequest
from locus.model.worktree import Cleaned, Restored
from support.house import House
from support.repos import put


@dataclass(frozen=True)
class People:
    """The person whose checkout it is, colleagues, and whoever keeps the remote. Each action says what came of it."""

    house: House
    history: History
    memory: Memory

    async def by_hand(self, step: Step, *, commit: bool) -> str:
        worktrees = self.memory.worktrees()
        if not worktrees:
            return "no worktree is kept"
        worktree, rng = worktrees[step.pick % len(worktrees)], random.Random(step.pick)
        top = os.fsencode(worktree)
        self.memory.work_by_hand(worktree)
        said = history_agent.edit(top, rng, rng.randint(1, 3))
        if commit:
            said.append(history_agent.commit(top, rng))
        return f"{worktree.name}: {'; '.join(said)}"

    async def work(self, step: Step) -> str:
        name = ("README.md", "notes.txt", "src/new.py", "build/cache")[step.pick % 4]
        if step.pick % 3 == 0:
            self.house.person.commit({name: f"{step.pick}\n"})
            return f"commit {name}"
        self.house.person.write(name, f"{step.pick}\n")
        return f"write {name}"

    async def switch(self, step: Step) -> str:
        """Or back to main."""
        person = self.house.person
        wanted = "main"
        if person.look("symbolic-ref", "HEAD") == "refs/heads/main" and (ours := self._branches(person.path)):
            wanted = ours[step.pick % len(ours)]
        person.git("switch", "--quiet", wanted, check=False)  # git refuses where it is checked out elsewhere, or files are in the way
        return person.look("symbolic-ref", "HEAD")

    def stands_on_ours(self) -> tuple[str, str] | None:
        """The branch of ours that the person has checked out, and its commit."""
        person = self.house.person
        branch = person.look("symbolic-ref", "HEAD")
        return (branch, person.head) if branch.startswith("refs/heads/locus/") else None

    async def git(self, *args: str) -> str:
        self.house.person.git(*args)
        return "done"

    async def clean(self, step: Step) -> str:
        self.house.person.git("clean", "--quiet", "-fdx")
        self.house.configure(**self.history.config)  # it was neither committed nor put aside
        return "done"

    async def clean_all(self, step: Step) -> str:
        """`-f` twice takes nested repositories too, so our worktrees as well."""
        for worktree in self.memory.worktrees():
            self.memory.work_by_hand(worktree)
        self.house.person.git("clean", "--quiet", "-ffdx")
        self.house.configure(**self.history.config)
        return "done"

    async def delete(self, step: Step) -> str:
        worktrees = self.memory.worktrees()
        if not worktrees:
            return "no worktree is kept"
        worktree = worktrees[step.pick % len(worktrees)]
        self.memory.work_by_hand(worktree)
        shutil.rmtree(worktree)
        return worktree.name

    async def stash(self, step: Step) -> str:
        person = self.house.person
        person.git("stash", "--quiet", "--all")
        if not person.look("stash", "list"):
            return "there is nothing to put aside"
        if step.pick % 2:
            person.git("gc", "--quiet", "--prune=now")
        person.git("stash", "pop", "--quiet", "--index")
        return "done, and taken back" + (" after a gc" if step.pick % 2 else "")

    async def clean_worktrees(self, step: Step) -> str:
        cleaned: Cleaned = await self.house.call("locus.worktree.clean")
        return f"{[Path(path).name for path in cleaned.removed]} removed, {len(cleaned.kept)} kept"

    async def restore(self, step: Step) -> str:
        """Into a worktree of its own."""
        refs = await self.memory.listed()
        if not refs:
            return "nothing is kept"
        restored: Restored = await self.house.call("locus.worktree.restore", ref=refs[step.pick % len(refs)])
        return Path(restored.path).name

    # The remote, and whoever else works there.

    async def push(self, name: str, step: Step) -> str:
        return self.commit_on_base(name, step.pick)

    def commit_on_base(self, name: str, number: int) -> str:
        """By a colleague; by the person, where there is no remote."""
        person = self.house.person
        if person.remote is None:
            person.commit({name: f"theirs {number}\n"})
        elif not person.remote.exists():
            return "the remote is away"
        else:
            person.commit_on_remote({name: f"theirs {number}\n"})
        return f"{name} changed on the base"

    async def force_back(self, step: Step) -> str:
        remote = self._there()
        if remote is None or not self.house.person.look("rev-parse", "--verify", "--quiet", "main~1", cwd=remote, check=False):
            return "there is nothing before it"
        self.house.person.on_remote("update-ref", "refs/heads/main", "main~1")
        return "done"

    async def push_to_ours(self, step: Step) -> str:
        ours = self._remote_branches()
        if not ours:
            return "there is none"
        branch = ours[step.pick % len(ours)]
        with self.house.person.changing():
            self.house.person.commit_on_remote({"theirs.txt": f"{step.pick}\n"}, branch=branch)
        return branch

    async def merge(self, step: Step) -> str:
        """Merged or squashed, the branch deleted or not, as the remote's keepers do it."""
        pull, person = await self._open_pull(step), self.house.person
        if pull is None or self._there() is None or pull.branch not in self._remote_branches():
            return "there is none"
        merged = person.look("merge-tree", "--write-tree", "main", pull.branch, cwd=person.remote, check=False).splitlines()
        if len(merged) != 1:
            return "it conflicts"
        squashed, deleted = step.pick % 2, step.pick % 3
        parents = ("-p", "main") if squashed else ("-p", "main", "-p", pull.branch)
        commit = person.on_remote("commit-tree", merged[0], *parents, "-m", f"Merge #{pull.number}")
        person.on_remote("update-ref", "refs/heads/main", commit)
        if deleted:
            person.on_remote("update-ref", "-d", f"refs/heads/{pull.branch}")
        await self.house.ws.tracker.update_pull(pull.number, state="merged")
        return f"{pull.branch}{', squashed' if squashed else ''}{', branch deleted' if deleted else ''}"

    async def close(self, step: Step) -> str:
        pull = await self._open_pull(step)
        if pull is None:
            return "there is none"
        await self.house.ws.tracker.update_pull(pull.number, state="closed")
        return pull.branch

    async def remote(self, step: Step) -> str:
        remote = self.house.person.remote
        if remote is None:
            return "there is none"
        aside = remote.with_name("away.git")
        with self.house.person.changing():
            return f"{remote.rename(aside).name}" if remote.exists() else f"back: {aside.rename(remote).name}"

    async def refuse(self, step: Step) -> str:
        remote = self._there()
        if remote is None:
            return "it is not there"
        hook = remote / "hooks" / "pre-receive"
        if hook.exists():
            hook.unlink()
            return "taken"
        put(hook.parent, hook.name, "#!/bin/sh\necho not today >&2\nexit 1\n", executable=True)
        return "refused"

    async def _open_pull(self, step: Step) -> PullRequest | None:
        branches = self._branches(self.house.person.path)
        pulls = [pull for branch in branches for pull in await self.house.ws.tracker.pulls(branch) if pull.state == "open"]
        return pulls[step.pick % len(pulls)] if pulls else None

    def _there(self) -> Path | None:
        remote = self.house.person.remote
        return remote if remote is not None and remote.exists() else None

    def _remote_branches(self) -> list[str]:
        remote = self._there()
        return self._branches(remote) if remote is not None else []

    def _branches(self, repository: Path) -> list[str]:
        """Ours."""
        return self.house.person.look("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/locus/", cwd=repository).splitlines()
