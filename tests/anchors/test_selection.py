"""From selected code to an issue's title, body and anchor, in real repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from locus.anchors.locate import content_hash, locate
from locus.errors import InvalidArguments
from locus.model.anchor import parse_anchor, with_anchor

if TYPE_CHECKING:
    from pathlib import Path

Checkout = Any


async def test_a_method_in_a_committed_file(pushed: Checkout) -> None:
    made = await pushed.describe(pushed.root / "app.py", 6, 8, 7, 25)
    sha = pushed.git("rev-parse", "HEAD")
    assert made.title == "Work on `Cart.total` in app.py"
    assert made.body == (
        "In `app.py`, lines 7–8 (`Cart.total`):\n\n"
        "```python\n        for item in items:\n            price += item\n```\n\n"
        f"https://github.com/acme/shop/blob/{sha}/app.py#L7-L8"
    )
    assert made.anchor is not None
    assert (made.anchor.path, made.anchor.commit, made.anchor.symbol, made.anchor.uri) == ("app.py", sha, "Cart.total", None)
    assert made.anchor.content_hash == content_hash(["        for item in items:", "            price += item"])
    assert locate(made.anchor, pushed.app).state == "exact"


async def test_an_empty_selection_means_its_line(pushed: Checkout) -> None:
    made = await pushed.describe(pushed.root / "app.py", 5, 10, 5, 10)
    assert "line 6" in made.body
    assert "```python\n        price = 0\n```" in made.body


async def test_the_line_at_whose_start_a_selection_ends_is_left_out(pushed: Checkout) -> None:
    made = await pushed.describe(pushed.root / "app.py", 0, 0, 1, 0)
    assert "line 1:" in made.body
    assert made.title == "Work on `import os` in app.py"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# TODO: cache the answer", "cache the answer"),
        ("x = 1  # TODO(anna): drop this", "drop this"),
        ("/* FIXME handle errors */", "handle errors"),
        ("<!-- TODO - say why -->", "say why"),
        ("# TODO", "Work on `# TODO` in a.py"),
        ("TODO = 1", "Work on `TODO = 1` in a.py"),
        ("TODOS = []", "Work on `TODOS = []` in a.py"),
        ("# TODO " + "word " * 40, ("word " * 40)[:71].rstrip() + "…"),
    ],
)
async def test_the_title_comes_from_a_todo(checkout: Checkout, line: str, title: str) -> None:
    made = await checkout.describe(checkout.commit("a.py", f"{line}\n"), 0, 0, 0, 3)
    assert made.title == title


async def test_a_title_is_one_harmless_line(checkout: Checkout) -> None:
    file = checkout.commit("a.txt", "a\x1b[31m\u202eb `c`\td\n")
    assert (await checkout.describe(file, 0, 0, 0, 1)).title == "Work on ``a [31m b `c` d`` in a.txt"


async def test_unsaved_text_counts_and_is_marked(pushed: Checkout) -> None:
    text = pushed.app.replace("price = 0", "price = 1")
    made = await pushed.describe(pushed.root / "app.py", 5, 0, 5, 3, text=text)
    assert "price = 1" in made.body
    assert f"Uncommitted at `{pushed.git('rev-parse', '--short=12', 'HEAD')}`." in made.body
    assert "https://" not in made.body


async def test_lines_that_unsaved_text_leaves_alone_have_their_permalink(pushed: Checkout) -> None:
    made = await pushed.describe(pushed.root / "app.py", 5, 0, 5, 3, text=pushed.app + "more\n")
    assert made.body.endswith("app.py#L6")


async def test_a_permalink_only_for_what_the_remote_has(pushed: Checkout) -> None:
    file = pushed.commit("new.py", "x = 1\n")
    made = await pushed.describe(file, 0, 0, 0, 3)
    assert "https://" not in made.body
    assert "not pushed yet" in made.body


async def test_without_a_known_host_the_commit_is_named(checkout: Checkout) -> None:
    file = checkout.commit("a.py", "x = 1\n")
    assert f"As committed in `{checkout.git('rev-parse', '--short=12', 'HEAD')}`." in (await checkout.describe(file, 0, 0, 0, 1)).body


async def test_untracked_file_and_repository_without_commits(checkout: Checkout) -> None:
    file = checkout.write("new.py", "x = 1\n")
    made = await checkout.describe(file, 0, 0, 0, 3)
    assert made.anchor is not None
    assert made.anchor.commit is None
    assert "no commits yet" in made.body
    checkout.commit("other.py", "")
    made = await checkout.describe(file, 0, 0, 0, 3)
    assert made.anchor is not None
    assert made.anchor.commit == checkout.git("rev-parse", "HEAD")
    assert "Uncommitted at `" in made.body


async def test_windows_line_ends_are_clean_when_git_normalises_them(pushed: Checkout) -> None:
    pushed.write("app.py", pushed.app.replace("\n", "\r\n"))
    made = await pushed.describe(pushed.root / "app.py", 5, 0, 6, 4)
    assert "\r" not in made.body
    assert made.body.endswith("app.py#L6-L7")


async def test_bytes_that_are_no_text(checkout: Checkout) -> None:
    file = checkout.commit("latin.py", b"name = 'caf\xe9'\nx = 1\n")
    made = await checkout.describe(file, 0, 0, 1, 3)
    assert "caf\ufffd" in made.body
    assert "As committed in" in made.body


async def test_utf16_files_with_a_mark(checkout: Checkout) -> None:
    file = checkout.write("wide.txt", "first\nsecond\n".encode("utf-16"))
    assert "```\nsecond\n```" in (await checkout.describe(file, 1, 0, 1, 3)).body


async def test_positions_are_utf16_and_cut_at_the_line_end(checkout: Checkout) -> None:
    file = checkout.commit("a.py", "s = '😀😀'\n")
    made = await checkout.describe(file, 0, 5, 0, 99)
    assert made.anchor is not None
    assert (made.anchor.range.start.character, made.anchor.range.end.character) == (5, 10)


async def test_a_range_beyond_the_end_and_one_upside_down(checkout: Checkout) -> None:
    file = checkout.commit("a.py", "x = 1\ny = 2")
    made = await checkout.describe(file, 40, 2, 1, 0)
    assert made.anchor is not None
    assert made.anchor.range.wire() == {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 5}}


async def test_a_negative_position_is_refused(checkout: Checkout) -> None:
    with pytest.raises(InvalidArguments, match="range"):
        await checkout.describe(checkout.write("a.py", "x"), 0, -1, 0, 2)


async def test_fences_are_longer_than_those_quoted(checkout: Checkout) -> None:
    file = checkout.commit("a.md", "```python\nx\n```\n````\n")
    made = await checkout.describe(file, 0, 0, 3, 4)
    assert "`````markdown\n```python\nx\n```\n````\n`````" in made.body


async def test_long_selections_are_cut_with_a_note(checkout: Checkout) -> None:
    file = checkout.commit("a.txt", "\n".join(str(number) for number in range(950)))
    made = await checkout.describe(file, 0, 0, 949, 1)
    assert "\n199\n" in made.body
    assert "\n200\n" not in made.body
    assert "(The first 200 of 950 lines.)" in made.body
    assert made.anchor is not None
    assert made.anchor.range.end.line == 949


async def test_large_selections_are_cut_by_size(checkout: Checkout) -> None:
    file = checkout.commit("a.txt", "\n".join(["x" * 5000] * 10))
    made = await checkout.describe(file, 0, 0, 9, 1)
    assert "(The first 3 of 10 lines.)" in made.body
    one = checkout.commit("b.txt", "é" * 50_000)
    made = await checkout.describe(one, 0, 0, 0, 9)
    assert len(made.body.encode()) < 17_000
    assert "(The beginning of the first of 1 lines.)" in made.body


async def test_a_file_outside_the_repository_has_neither_anchor_nor_its_folders_name(checkout: Checkout, tmp_path: Path) -> None:
    outside = tmp_path / "private" / "notes.py"
    outside.parent.mkdir()
    outside.write_text("x = 1\n")
    made = await checkout.describe(outside, 0, 0, 0, 1)
    assert made.anchor is None
    assert "In `notes.py`, line 1:" in made.body
    assert "private" not in made.body


async def test_an_unsaved_buffer_without_a_file(checkout: Checkout) -> None:
    made = await checkout.describe("untitled:Untitled-1", 0, 0, 0, 1, text="x = 1\n")
    assert made.anchor is None
    assert made.title == "Work on `x = 1` in Untitled-1"
    with pytest.raises(InvalidArguments, match="not open"):
        await checkout.describe("untitled:Untitled-1", 0, 0, 0, 1)


async def test_a_file_that_is_gone_can_be_described_from_its_buffer_only(checkout: Checkout) -> None:
    checkout.commit("a.py", "x = 1\n")
    with pytest.raises(InvalidArguments, match=r"gone\.py"):
        await checkout.describe(checkout.root / "gone.py", 0, 0, 0, 1)
    made = await checkout.describe(checkout.root / "gone.py", 0, 0, 0, 1, text="x = 1")
    assert made.anchor is not None
    assert made.anchor.path == "gone.py"


async def test_a_linked_worktree_has_its_own_head_and_paths(pushed: Checkout, tmp_path: Path) -> None:
    pushed.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    file = tmp_path / "side" / "app.py"
    file.write_text("changed\n")
    made = await pushed.describe(file, 0, 0, 0, 1)
    assert made.anchor is not None
    assert made.anchor.path == "app.py"
    assert "Uncommitted" in made.body


async def test_a_repository_inside_the_repository_is_another_one(pushed: Checkout) -> None:
    inner = pushed.root / "vendor" / "lib"
    inner.mkdir(parents=True)
    pushed.git("init", "-q", str(inner))
    pushed.write("vendor/lib/a.py", "x = 1\n")
    assert (await pushed.describe(inner / "a.py", 0, 0, 0, 1)).anchor is None


async def test_names_with_everything_in_them(pushed: Checkout) -> None:
    file = pushed.commit("dir é/a `b` #1?%20.py", "x = 1\n")
    made = await pushed.describe(file, 0, 0, 0, 1)
    assert made.anchor is not None
    assert made.anchor.path == "dir é/a `b` #1?%20.py"
    assert "In ``dir é/a `b` #1?%20.py``, line 1:" in made.body
    assert "As committed" in made.body or "not pushed" in made.body


async def test_credentials_of_the_remote_are_not_shown(pushed: Checkout) -> None:
    pushed.git("remote", "set-url", "origin", "https://me:hunter2@github.com/acme/shop.git")
    body = (await pushed.describe(pushed.root / "app.py", 0, 0, 0, 1)).body
    assert "https://github.com/acme/shop/blob/" in body
    assert "hunter2" not in body


async def test_the_anchor_survives_the_issues_body(pushed: Checkout) -> None:
    made = await pushed.describe(pushed.root / "app.py", 6, 8, 7, 25)
    assert made.anchor is not None
    assert parse_anchor(with_anchor(made.body, made.anchor)) == made.anchor
    assert re.search(r"<!-- locus:anchor", with_anchor(made.body, made.anchor))
