"""`locus memory`: what agents have learned is shown as the change it would make, and made on a person's yes alone."""

from __future__ import annotations

import asyncio

from support.house import House
from support.typed import Locus

LEARNED = "The tests need a running database."


def learn(house: House, text: str) -> int:
    number = asyncio.run(house.issue("date +%N > new.txt", f"echo '::locus learned {text}'"))
    asyncio.run(house.run(number))
    return number


def test_accepted_it_is_told_to_the_next_task(locus: Locus, house: House) -> None:
    number = learn(house, LEARNED)
    file = house.ws.repo.locus_dir / "memory/learned.md"
    shown = locus("memory", "list").out
    assert f"#{number}: {LEARNED}" in shown and "Take them into .locus/memory/learned.md with: locus memory accept" in shown
    assert not file.exists()
    said = locus("memory", "accept")
    assert said.out.splitlines()[:2] == [f"Added to {file}:", f"    {LEARNED}"]
    assert LEARNED in file.read_text()
    assert locus("memory", "list").out == "Nothing waits for a decision.\n"
    assert locus("memory", "accept").out == "There was nothing new to remember.\n"
    another = asyncio.run(house.issue("date > other.txt"))
    assert LEARNED in locus("run", str(another), "--dry-run", "--show-prompt").out


def test_dismissed_it_is_forgotten(locus: Locus, house: House) -> None:
    numbers = [learn(house, text) for text in (LEARNED, "Names are spelled out.")]
    first, second = locus("memory", "list", "--json").json
    assert [proposal["task"] for proposal in (first, second)] == numbers
    assert locus("memory", "dismiss", first["id"]).out == "Forgot 1 proposal.\n"
    assert [proposal["id"] for proposal in locus("memory", "list", "--json").json] == [second["id"]]
    unknown = locus("memory", "dismiss", "nope")
    assert unknown.code == 2 and "nope" in unknown.err
    assert locus("memory", "dismiss").out == "Forgot 1 proposal.\n"
    assert locus("memory", "dismiss").out == "There was nothing to forget.\n"
    assert not (house.ws.repo.locus_dir / "memory/learned.md").exists()
