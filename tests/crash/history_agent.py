"""An agent that does whatever agents do, drawn from a seed: a program of its own (standard library only), and a person's hand at times.

Called as `history_agent.py FOLDER` inside a worktree. FOLDER, outside the repository, holds `seed`, counts the attempts of each task, takes
down in `said` what was done, and may hold `hang`: then the agent does not end by itself.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

NAMES = (
    *(b"README.md", b"src/app.py", b"src/util.py", b"a.txt", b"b.txt", b"A.txt", b"dir/c.txt", b"dir/deep/d.bin", b"dir", b"tool.sh"),
    *(b"with space", b" lead", b"trail ", b"new\nline", b"tab\there", b'quo"te', b"'single'", b"back\\slash", b"-dash", b"--", b"#hash"),
    *(
        b"!bang",
        b"star*",
        b"[x]",
        b":(glob)x",
        b"$HOME",
        b"~tilde",
        b"%percent",
        b"caf\xc3\xa9",
        b"cafe\xcc\x81",
        b"\xff\xfe.bin",
        b"e\xcc",
    ),
)
PATIENCE = 60.0
"""Seconds a hanging agent waits for its end."""

Edit = Callable[[bytes, random.Random], str]


def edit(top: bytes, rng: random.Random, count: int) -> list[str]:
    """Makes some changes below `top`, and says which."""
    said = [rng.choice(EDITS)(top, rng) for _ in range(count)]
    _show_what_is_gone(top)
    return said


def git(top: bytes, *args: str | bytes) -> bool:
    return subprocess.run([b"git", *args], cwd=top, capture_output=True, check=False).returncode == 0


# Single edits. Each takes what it finds, so that it can be made in any tree.


def _text(top: bytes, rng: random.Random) -> str:
    return _put(top, rng.choice(NAMES), b"line %d\n" % rng.randrange(10**6) * rng.randint(1, 5))


def _binary(top: bytes, rng: random.Random) -> str:
    return _put(top, rng.choice(NAMES), b"\0" + rng.randbytes(rng.randint(1, 3000)))


def _large(top: bytes, rng: random.Random) -> str:
    return _put(top, b"large.bin", rng.randbytes(400_000))


def _empty(top: bytes, rng: random.Random) -> str:
    return _put(top, rng.choice(NAMES), b"")


def _line_ends(top: bytes, rng: random.Random) -> str:
    name = _some(top, rng)
    if name is None:
        return "nothing to give other line ends"
    with open(os.path.join(top, name), "rb") as file:
        data = file.read().replace(b"\r\n", b"\n")
    return _put(top, name, data.replace(b"\n", b"\r\n") or b"one\r\ntwo\nthree\r")


def _append(top: bytes, rng: random.Random) -> str:
    name = _some(top, rng)
    if name is None:
        return "nothing to append to"
    with open(os.path.join(top, name), "ab") as file:
        file.write(b"more %d" % rng.randrange(10**6))
    return f"append to {name!r}"


def _delete(top: bytes, rng: random.Random) -> str:
    name = _some(top, rng, links=True)
    if name is None:
        return "nothing to delete"
    os.unlink(os.path.join(top, name))
    return f"delete {name!r}"


def _rename(top: bytes, rng: random.Random) -> str:
    name, target = _some(top, rng, links=True), rng.choice(NAMES)
    if name is None or name == target or name.startswith(target + b"/"):
        return "nothing to rename"
    spare = os.path.join(top, b"renaming")
    os.rename(os.path.join(top, name), spare)
    os.rename(spare, _room(top, target))
    return f"rename {name!r} to {target!r}"


def _link(top: bytes, rng: random.Random) -> str:
    name, target = rng.choice(NAMES), rng.choice((b"README.md", b"nowhere", b"../..", b"/etc/hostname", b"src", b"od\xffd\n"))
    os.symlink(target, _room(top, name))
    return f"link {name!r} to {target!r}"


def _mode(top: bytes, rng: random.Random) -> str:
    name = _some(top, rng)
    if name is None:
        return "nothing to change the mode of"
    path = os.path.join(top, name)
    os.chmod(path, os.stat(path).st_mode ^ 0o111)
    return f"other mode for {name!r}"


def _folder(top: bytes, rng: random.Random) -> str:
    """A file becomes a folder, or a folder a file."""
    name = rng.choice((b"README.md", b"a.txt", b"dir", b"src"))
    if os.path.isdir(os.path.join(top, name)) and not os.path.islink(os.path.join(top, name)):
        return _put(top, name, b"was a folder\n")
    return _put(top, name + b"/inside.txt", b"was a file, %d\n" % rng.randrange(1000))


def _nested(top: bytes, rng: random.Random) -> str:
    """A repository inside the worktree, with or without a commit, with or without uncommitted work."""
    name = rng.choice((b"nested", b"dir/nested"))
    folder = os.path.join(top, name)
    if not os.path.isdir(os.path.join(folder, b".git")):
        os.makedirs(_room(top, name))
        git(folder, "init", "--quiet")
        _put(folder, b".gitignore", b"*.cache\n")
    _put(folder, rng.choice((b"own.txt", b"sub/own.txt")), b"own %d\n" % rng.randrange(10**6))
    _put(folder, b"mine.cache", b"not worth keeping\n")
    if rng.random() < 0.5:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "-m", "Its own")
        return f"repository {name!r} with a commit"
    return f"repository {name!r}"


def _ignored(top: bytes, rng: random.Random) -> str:
    return _put(top, rng.choice((b"debug.log", b"build/out.o", b"src/build/x", b"dir/x.log")), b"%d\n" % rng.randrange(1000))


def _ignore(top: bytes, rng: random.Random) -> str:
    """Other files are ignored than before; some that are, are tracked all the same."""
    name = rng.choice((b"a.txt", b"*.bin", b"dir/", b"with space"))
    if rng.random() < 0.3:
        git(top, "add", "--force", "--", ".")
    return _put(top, b".gitignore", b"*.log\nbuild/\n" + name + b"\n")


def _stage(top: bytes, rng: random.Random) -> str:
    how = rng.choice(
        (("add", "--all"), ("add", "--intent-to-add", "--", "."), ("rm", "-r", "--quiet", "--cached", "--", "."), ("add", "-u"))
    )
    git(top, *how)
    return f"git {' '.join(how)}"


def _hide(top: bytes, rng: random.Random) -> str:
    """A changed file that git is told not to look at."""
    how, name = rng.choice(("--assume-unchanged", "--skip-worktree")), _some(top, rng)
    if name is None or not git(top, "update-index", how, "--", name):
        return "nothing to hide"
    with open(os.path.join(top, name), "ab") as file:
        file.write(b"hidden %d" % rng.randrange(10**6))
    return f"change {name!r} behind {how}"


def _show_what_is_gone(top: bytes) -> None:
    """A hidden file that is gone looks as if a sparse checkout had left it out: nobody can tell that somebody has deleted it."""
    listed = subprocess.run(["git", "ls-files", "-v", "-z"], cwd=top, capture_output=True, check=False).stdout.split(b"\0")
    for name in (entry[2:] for entry in listed if entry[:1] in (b"h", b"s", b"S")):
        if not os.path.lexists(os.path.join(top, name)):
            git(top, "update-index", "--no-assume-unchanged", "--", name)
            git(top, "update-index", "--no-skip-worktree", "--", name)


def _pipe(top: bytes, rng: random.Random) -> str:
    os.mkfifo(_room(top, b"pipe"))
    return "make a pipe"


def _empty_folder(top: bytes, rng: random.Random) -> str:
    os.makedirs(_room(top, b"empty/folder"))
    return "make an empty folder"


def _refuse(top: bytes, rng: random.Random) -> str:
    """Verification or a commit hook will not have it."""
    return _put(top, rng.choice((b"refused-by-verify", b"refused-by-hook")), b"x\n")


EDITS: tuple[Edit, ...] = (
    *(_text, _text, _text, _append, _append, _binary, _large, _empty, _line_ends, _delete, _delete, _rename, _rename, _link, _mode),
    *(_folder, _folder, _nested, _nested, _ignored, _ignore, _stage, _hide, _pipe, _empty_folder, _refuse),
)


def _room(top: bytes, name: bytes) -> bytes:
    """The path of `name` with nothing in its way."""
    path = top
    for part in name.split(b"/")[:-1]:
        path = os.path.join(path, part)
        if os.path.islink(path) or (os.path.exists(path) and not os.path.isdir(path)):
            os.unlink(path)
        os.makedirs(path, exist_ok=True)
    path = os.path.join(top, name)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
    return path


def _put(top: bytes, name: bytes, data: bytes) -> str:
    with open(_room(top, name), "wb") as file:
        file.write(data)
    return f"write {name!r}, {len(data)} bytes"


def _some(top: bytes, rng: random.Random, *, links: bool = False) -> bytes | None:
    """A file that is there."""
    found = []
    for here, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name != b".git")
        for name in sorted(names):
            path = os.path.join(here, name)
            if name != b".git" and (os.path.isfile(path) or links) and (links or not os.path.islink(path)):
                found.append(os.path.relpath(path, top))
    return rng.choice(found) if found else None


# Whole attempts: what an agent leaves besides files, and how it ends.


def commit(top: bytes, rng: random.Random) -> str:
    git(top, "add", "--all")
    return "commit" if git(top, "commit", "--quiet", "--no-verify", "-m", f"Mine {rng.randrange(1000)}") else "commit in vain"


def _wander(top: bytes, rng: random.Random) -> str:
    where = rng.choice((("checkout", "--quiet", "--detach"), ("switch", "--quiet", "--create", f"locus/stray-{rng.randrange(10**6)}")))
    git(top, *where)
    return f"git {' '.join(where)}" + (f", {commit(top, rng)}" if rng.random() < 0.5 else "")


def _rewrite(top: bytes, rng: random.Random) -> str:
    git(top, "commit", "--quiet", "--amend", "--allow-empty", "-m", "Rewritten")
    return "rewrite history"


def _half_merge(top: bytes, rng: random.Random) -> str:
    """A merge that is begun and not ended."""
    other = subprocess.run(["git", "commit-tree", "-p", "HEAD", "-m", "Other", "HEAD^{tree}"], cwd=top, capture_output=True, check=True)
    git(top, "merge", "--quiet", "--no-commit", "--no-ff", other.stdout.strip())
    return "begin a merge"


def _die_in_git(top: bytes, rng: random.Random) -> str:
    """A git that was killed leaves its lock file."""
    done = subprocess.run(["git", "rev-parse", "--git-path", "index.lock"], cwd=top, capture_output=True, check=True)
    open(os.path.join(top, done.stdout.strip()), "wb").close()
    return "leave an index.lock"


def _lose_git(top: bytes, rng: random.Random) -> str:
    """The worktree's own `.git` file is deleted, or replaced by a repository."""
    os.unlink(os.path.join(top, b".git"))
    return "replace .git by a repository" if rng.random() < 0.5 and git(top, "init", "--quiet") else "delete .git"


def _nothing(top: bytes, rng: random.Random) -> str:
    return ""


LEAVINGS: tuple[Edit, ...] = (*[_nothing] * 9, *[commit] * 5, _wander, _rewrite, _half_merge, _die_in_git, _lose_git)


def main(folder: str) -> int:
    top, task = os.getcwdb(), os.environ["LOCUS_TASK"]
    with open(f"{folder}/attempts-{task}", "ab+") as counting:
        counting.write(b"x")
        attempt = counting.tell()
    with open(f"{folder}/seed") as file:
        rng = random.Random(f"{file.read()}/{task}/{attempt}")
    said = edit(top, rng, rng.choice((0, 1, 2, 2, 3, 5)))
    said.append(rng.choice(LEAVINGS)(top, rng))
    said += edit(top, rng, rng.choice((0, 0, 1, 2)))
    code = 3 if rng.random() < 0.3 else 0
    hangs = os.path.exists(f"{folder}/hang")
    with open(f"{folder}/said", "a") as file:
        file.write(f"#{task} attempt {attempt}: {'; '.join(filter(None, said))}; {'hang' if hangs else f'exit {code}'}\n")
    if hangs:
        open(f"{folder}/hanging-{task}", "w").close()
        time.sleep(PATIENCE)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
