import os
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locus.errors import InvalidArguments
from locus.model.naming import issue_branch, slug, sprint_branch, sprint_branches, worktree_name
from support.properties import modest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sprint 1", "sprint-1"),
        ("Auth Feature", "auth-feature"),
        ("v2.0 Migration", "v2.0-migration"),
        ("team/auth", "team-auth"),
        ("  a\t\n b  ", "a-b"),
        ("..a...b..", "a.b"),
        ("x.lock", "x"),
        ("a~^:?*[b", "ab"),
        ("Übung 3", "übung-3"),
        ("e\u0301", "\u00e9"),
        ("a\u202eb\x1b[31m", "ab31m"),
    ],
)
def test_how_a_name_stands_in_a_branch(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize("name", ["", "  ", "///", "...", "?*", "-", "-.-", "\u202e", "x" * 201])
def test_names_that_leave_nothing_or_too_much_are_refused(name: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        slug(name)
    assert refused.value.hint


def test_branches_and_worktrees() -> None:
    assert sprint_branch("Sprint 1") == "locus/sprint-sprint-1"
    assert issue_branch(42) == "locus/issue-42"
    assert worktree_name("locus/issue-42") == "issue-42"


parts = [*"aZ09 .-_/\\~^:?*[]{}@\"'$\n\x07\u00e9\u2028", ".lock", "..", "@{"]
awkward = st.lists(st.sampled_from(parts), max_size=12).map("".join)


@modest
@given(awkward | st.text(max_size=20))
def test_a_slug_is_its_own_slug(name: str) -> None:
    try:
        once = slug(name)
    except InvalidArguments:
        return
    assert slug(once) == once


@settings(modest, max_examples=4)
@given(st.lists(awkward | st.text(max_size=20), min_size=15, max_size=25))
def test_git_takes_every_slug(names: Sequence[str]) -> None:
    slugs = []
    for name in names:
        try:
            slugs.append(slug(name))
        except InvalidArguments:
            continue
    # One shell for all: as a name of its own and within the branch.
    script = """for name do
        git check-ref-format "refs/heads/$name" && git check-ref-format "refs/heads/locus/sprint-$name" || echo "bad: $name"
    done"""
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull, "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["sh", "-c", script, "sh", *slugs], capture_output=True, env=environment, timeout=60, check=True)
    assert done.stdout.decode() == ""


def test_of_sprints_with_one_branch_the_younger_have_their_numbers() -> None:
    names = {3: "Sprint 1 2", 2: "sprint/1", 1: "Sprint 1", 4: "???", 5: "Other"}
    assert sprint_branches(names) == {
        1: "locus/sprint-sprint-1",
        2: "locus/sprint-sprint-1-2",
        3: "locus/sprint-sprint-1-2-3",
        5: "locus/sprint-other",
    }
