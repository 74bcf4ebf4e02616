"""What the stand-in wants to know of the bare repositories on disk, asked of git. A fork's objects are looked up beside its parent's."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Branches:
    """The branches of one bare repository; `others` are those whose commits are to be found too."""

    bare: Path
    others: tuple[Path, ...] = ()

    def git(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.bare),
            "GIT_DIR": str(self.bare),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(str(other / "objects") for other in self.others),
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _MERGER.items()},
        }
        done = subprocess.run(["git", *args], cwd=self.bare, env=environment, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"git {args} in {self.bare}: {done.stderr}"
        return done

    def tips(self) -> dict[str, str]:
        """The commit of each branch."""
        listed = self.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads").stdout.splitlines()
        return {name.removeprefix("refs/heads/"): commit for commit, name in (line.split(" ", 1) for line in listed)}

    def contains(self, commit: str, other: str) -> bool:
        """Whether `other` is `commit` or one of its ancestors."""
        return commit == other or self.git("merge-base", "--is-ancestor", other, commit, check=False).returncode == 0

    def related(self, one: str, other: str) -> bool:
        return self.git("merge-base", one, other, check=False).returncode == 0

    def ahead(self, base: str, head: str) -> int:
        """How many commits `head` has that `base` has not."""
        return int(self.git("rev-list", "--count", f"{base}..{head}").stdout)

    def merge(self, branch: str, base: str, head: str, message: str) -> str:
        """A merge commit of `head` on the branch, which is at `base`; git refuses where it has conflicts or has moved."""
        tree = self.git("merge-tree", "--write-tree", base, head).stdout.split()[0]
        commit = self.git("commit-tree", tree, "-p", base, "-p", head, "-m", message).stdout.strip()
        self.git("update-ref", f"refs/heads/{branch}", commit, base)
        return commit


_MERGER = {"NAME": "GitHub", "EMAIL": "noreply@github.example"}
