"""Of several remotes: which one is pushed to, and which one pull requests go to."""

from __future__ import annotations

import pytest

from locus.repo import facts, reading
from locus.repo.base import base_branch, known_base
from locus.repo.facts import discover
from locus.repo.remotes import choose, configured
from support.repos import Person

A, B, C = "origin", "upstream", "third"
BASE = ("gh-resolved", "base")

CASES = [
    ([], {}, None, None),
    ([C], {}, C, C),
    ([C, "fourth"], {}, None, None),
    ([A, C], {}, A, A),
    ([A, C], {"branch.main.remote": C}, C, C),
    ([A, C], {"branch.other.remote": C}, A, A),
    ([A, B], {}, A, B),
    ([A, B, C], {"branch.main.remote": B}, A, B),
    ([B], {}, B, B),
    ([B, C], {}, None, None),
    ([A, B], {"remote.origin.gh-resolved": "base"}, A, A),
    ([A, C], {"remote.third.gh-resolved": "base"}, A, C),
    ([C, "mine"], {"remote.third.gh-resolved": "base", "branch.main.remote": "mine"}, "mine", C),
    ([C, "mine"], {"remote.third.gh-resolved": "base"}, C, C),
    ([A, B, C], {"remote.pushdefault": C}, C, B),
    ([A, C], {"remote.pushdefault": C}, C, A),
    ([A, C], {"remote.pushdefault": "gone"}, A, A),
    ([A, B, C], {"remote.pushdefault": C, "branch.main.pushremote": A}, A, B),
]


@pytest.mark.parametrize(("names", "more", "push", "base"), CASES)
def test_which_is_chosen(names: list[str], more: dict[str, str], push: str | None, base: str | None) -> None:
    entries = [(f"remote.{name}.url", f"https://github.com/{name}/demo") for name in names]
    found = choose(configured([*entries, *more.items()], "main"))
    assert (found.push, found.base) == (push, base)
    assert found.names == tuple(names) and bool(found.why) == (base is not None)


async def test_a_fork_in_a_real_repository(person: Person) -> None:
    person.git("remote", "rename", "origin", "up.stream")
    person.git("remote", "add", "origin", "../fork.git")
    person.git("config", "remote.up.stream.gh-resolved", "base")
    repo = discover(person.path)
    found = await facts.remotes(repo)
    assert (found.push, found.base, found.resolved) == ("origin", "up.stream", True)
    assert await facts.remote(repo) == await reading.remote(repo) == "origin"
    branch = await base_branch(repo)
    assert (branch.name, branch.remote) == ("main", "up.stream")
    assert await base_branch(repo, "up.stream/main") == branch


async def test_the_base_branchs_name_is_the_forks_where_upstream_was_never_fetched(person: Person) -> None:
    person.on_remote("branch", "develop", "main")
    person.git("fetch", "--quiet", "origin")
    person.git("remote", "set-head", "origin", "develop")
    person.git("remote", "add", "upstream", str(person.remote))
    repo = discover(person.path)
    branch = await base_branch(repo)
    assert (branch.name, branch.remote) == ("develop", "upstream")
    assert await known_base(repo, branch) is None
