"""Wishes of one moment go out as one request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from locus.errors import NotFound
from locus.tracker.github.batching import MOST, Batch
from support.procs import until_async


class Recorder:
    def __init__(self) -> None:
        self.requests: list[list[int]] = []
        self.broken: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, keys: Sequence[int]) -> Mapping[int, str | BaseException]:
        self.requests.append(list(keys))
        await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        return {key: NotFound(f"no {key}") if key < 0 else f"value {key}" for key in keys}


async def test_together_they_are_one_request_and_each_gets_its_own() -> None:
    recorder = Recorder()
    batch = Batch(recorder)
    assert tuple(await asyncio.gather(batch.get(1), batch.get(2), batch.get(1))) == ("value 1", "value 2", "value 1")
    assert recorder.requests == [[1, 2]]


async def test_one_after_the_other_they_are_two() -> None:
    recorder = Recorder()
    batch = Batch(recorder)
    await batch.get(1)
    await batch.get(1)
    assert recorder.requests == [[1], [1]]


async def test_what_is_wrong_with_one_is_its_own_business() -> None:
    batch = Batch(Recorder())
    bad, good = await asyncio.gather(batch.get(-1), batch.get(1), return_exceptions=True)
    assert isinstance(bad, NotFound) and good == "value 1"


async def test_what_is_wrong_with_the_request_is_everybodys() -> None:
    recorder = Recorder()
    recorder.broken = NotFound("no repository")
    batch = Batch(recorder)
    found = await asyncio.gather(batch.get(1), batch.get(2), return_exceptions=True)
    assert [str(each) for each in found] == ["no repository", "no repository"]


async def test_one_who_gives_up_takes_nobody_with_him() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    batch = Batch(recorder)
    impatient, patient = asyncio.create_task(batch.get(1)), asyncio.create_task(batch.get(1))
    await until_async(lambda: bool(recorder.requests))
    impatient.cancel()
    recorder.gate.set()
    assert await patient == "value 1"
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_more_than_fit_are_several_requests() -> None:
    recorder = Recorder()
    batch = Batch(recorder)
    found = await asyncio.gather(*(batch.get(key) for key in range(MOST + 1)))
    assert len(found) == MOST + 1 and [len(request) for request in recorder.requests] == [MOST, 1]
