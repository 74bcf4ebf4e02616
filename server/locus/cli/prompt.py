"""Asking a person at the terminal without stopping the event loop."""

from __future__ import annotations

import asyncio
import os
import sys

from locus.cli.terminal import Terminal
from locus.cli.text import one_line


async def ask(terminal: Terminal, question: str) -> str | None:
    """One line, without its end; None when the person ends the input (Ctrl+D). May be cancelled: nothing is read then."""
    terminal.stdout.write(question)
    terminal.stdout.flush()
    if sys.platform == "win32":  # untested; its consoles cannot be polled, so a cancelled question takes the next line with it
        line = await asyncio.to_thread(terminal.stdin.readline)
        return line.rstrip("\r\n") if line else None
    loop = asyncio.get_running_loop()
    descriptor = terminal.stdin.fileno()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    data = os.read(descriptor, 65536)  # a terminal gives one line at a time
    if not data:
        terminal.say()
        return None
    return data.decode(terminal.stdin.encoding or "utf-8", "replace").rstrip("\r\n")


async def confirm(terminal: Terminal, question: str) -> bool:
    """No unless the person says yes."""
    answer = await ask(terminal, f"{question} [y/N] ")
    return (answer or "").strip().lower() in ("y", "yes")


async def choose(terminal: Terminal, message: str, choices: list[str]) -> str | None:
    """By number or by name; None when the person gives nothing."""
    terminal.say(one_line(message))
    terminal.say_all(f"  {number}) {one_line(choice)}" for number, choice in enumerate(choices, 1))
    while True:
        answer = await ask(terminal, f"1-{len(choices)}, or Enter for none: " if len(choices) > 1 else "1, or Enter for none: ")
        if answer is None or not answer.strip():
            return None
        if (picked := pick(answer, choices)) is not None:
            return choices[picked]
        terminal.say(f"{one_line(answer)!r} is none of them.")


def pick(answer: str, names: list[str]) -> int | None:
    """The index that a person means by a number from 1, or by a name; None when it is neither."""
    text = answer.strip()
    lowered = [name.lower() for name in names]
    if text.lower() in lowered:
        return lowered.index(text.lower())
    return int(text) - 1 if text.isdecimal() and 1 <= int(text) <= len(names) else None
