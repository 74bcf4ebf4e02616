"""git's side of the stand-in: `https://github.com/octo/demo.git` and `git@github.com:octo/demo.git` lead to bare repositories on disk.

Nothing of the clone is changed and no URL is rewritten, so `git remote get-url` and gh see what a person has. git itself is given an
exec path whose https helper, and an ssh command, that start git's own server programs on the bare repository.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

HELPER = r"""#!/bin/sh
url=$2
path=${url#*://*/}
repository=@ROOT@/${path%.git}.git
if [ -e '@ROOT@/down' ]; then
  echo "fatal: unable to access '$url/': Could not resolve host: @HOST@" >&2
  exit 128
fi
if [ ! -e "$repository" ]; then
  printf 'remote: Repository not found.\nfatal: repository '"'%s/'"' not found\n' "$url" >&2
  exit 128
fi
while read -r line; do
  case $line in
    capabilities) printf 'connect\n\n' ;;
    'connect git-upload-pack') echo; exec git-upload-pack "$repository" ;;
    'connect git-receive-pack')
      if [ -e '@ROOT@/denied' ]; then
        printf 'remote: Permission to %s denied to octo.\n' "$path" >&2
        echo "fatal: unable to access '$url/': The requested URL returned error: 403" >&2
        exit 128
      fi
      if [ -e '@ROOT@/locked' ] && ! printf 'protocol=https\nhost=@HOST@\n\n' | git credential fill | grep -Fqxf '@ROOT@/locked'; then
        echo "fatal: Authentication failed for '$url/'" >&2
        exit 128
      fi
      echo; exec git-receive-pack "$repository" ;;
    *) exit 1 ;;
  esac
done
"""
SSH = r"""#!/bin/sh
# ssh [options] git@host "git-upload-pack 'octo/demo.git'"
for command; do :; done
path=${command#*\'}; path=${path%\'}; path=${path#/}
repository=@ROOT@/${path%.git}.git
if [ -e '@ROOT@/down' ]; then echo 'ssh: Could not resolve hostname @HOST@: Name or service not known' >&2; exit 255; fi
if [ ! -e "$repository" ]; then echo 'ERROR: Repository not found.' >&2; exit 1; fi
case $command in
  git-upload-pack*) exec git-upload-pack "$repository" ;;
  git-receive-pack*)
    if [ -e '@ROOT@/denied' ]; then echo "ERROR: Permission to $path denied to octo." >&2; exit 1; fi
    exec git-receive-pack "$repository" ;;
esac
exit 1
"""


class Wire:
    """`environment` is what git has to be started with, directly or by whatever starts it."""

    def __init__(self, folder: Path, host: str = "github.com") -> None:
        self._root = folder / "repositories"
        self._root.mkdir(parents=True)
        programs = folder / "git-core"
        programs.mkdir()
        own = {"git-remote-https", "git-remote-http"}
        standard = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        for program in Path(standard).iterdir():
            if program.name not in own:
                (programs / program.name).symlink_to(program)
        for name in own:
            self._script(programs / name, HELPER, host)
        self._script(folder / "ssh", SSH, host)
        self.environment = {"GIT_EXEC_PATH": str(programs), "GIT_SSH_COMMAND": str(folder / "ssh"), "GIT_SSH_VARIANT": "ssh"}

    def serve(self, full_name: str, bare: Path) -> None:
        """From now on this name leads there; a name may lead nowhere again after the repository was renamed."""
        place = self._root / f"{full_name}.git"
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(bare)

    def unreachable(self) -> contextlib.AbstractContextManager[None]:
        return self._while("down")

    def denied(self) -> contextlib.AbstractContextManager[None]:
        """Pushes are refused; fetching is not."""
        return self._while("denied")

    def locked(self, token: str) -> contextlib.AbstractContextManager[None]:
        """Pushes by https need this token, which git has to find by its credential helpers."""
        return self._while("locked", f"password={token}\n")

    @contextlib.contextmanager
    def _while(self, what: str, said: str = "") -> Iterator[None]:
        (self._root / what).write_text(said)
        yield
        (self._root / what).unlink()

    def _script(self, path: Path, text: str, host: str) -> None:
        path.write_text(text.replace("@ROOT@", str(self._root)).replace("@HOST@", host))
        path.chmod(0o755)
