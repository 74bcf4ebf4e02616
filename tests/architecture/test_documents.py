"""The documentation says what the code says, and its links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATOR = runpy.run_path(str(ROOT / "docs/generate.py"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == GENERATOR["brought_up_to_date"](text), "run python docs/generate.py"


def test_every_generated_part_stands_in_some_page() -> None:
    found = {name for page in PAGES for name in re.findall(r"<!-- generated: (\w+) -->", page.read_text(encoding="utf-8"))}
    assert found == GENERATOR["PARTS"].keys()


def test_a_stale_part_is_made_anew() -> None:
    page = "before\n<!-- generated: settings -->\nold\n<!-- end -->\nafter\n"
    fresh = GENERATOR["brought_up_to_date"](page)
    assert "`agent.maxParallel`" in fresh
    assert "old" not in fresh
    assert fresh.startswith("before\n")
    assert fresh.endswith("\nafter\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
