"""Work-done progress as the specification and the clients want it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.raw_lsp import Message, RawClient

ABLE = {"window": {"workDoneProgress": True}}


def shown(client: RawClient) -> list[dict[str, Any]]:
    return [message["params"] for message in client.messages if message.get("method") == "$/progress"]


def created(client: RawClient) -> list[Any]:
    return [message["params"]["token"] for message in client.messages if message.get("method") == "window/workDoneProgress/create"]


async def ended(client: RawClient, token: Any = None) -> None:
    await client.notification("$/progress", lambda params: params["value"]["kind"] == "end" and token in (None, params["token"]))


async def test_one_begin_one_end_and_a_percentage_that_never_falls(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    percentages = {"3": 50, "4": 20, "9": 400}
    reply = await fresh.command("progress", {"title": "Sprint 1", "reports": 12, "pause": 0.03, "percentages": percentages})
    assert reply["result"] == {"reported": 12, "cancelled": False}
    await ended(fresh)
    (token,) = created(fresh)
    assert isinstance(token, str)
    values = [params["value"] for params in shown(fresh)]
    assert {params["token"] for params in shown(fresh)} == {token}
    kinds = [value["kind"] for value in values]
    assert kinds == ["begin", *["report"] * (len(kinds) - 2), "end"]
    assert len(kinds) >= 4
    assert values[0]["title"] == "Sprint 1"
    assert values[0]["cancellable"] is True
    assert values[-1]["message"] == "over"
    rising = [value["percentage"] for value in values[:-1]]
    assert rising == sorted(rising)
    assert 50 in rising
    assert max(rising) <= 100


async def test_ten_reports_a_second_and_the_last_one_wins(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    fresh.post("workspace/executeCommand", {"command": "progress", "arguments": [{"reports": 100, "pause": 0.01}]}, id="p")
    times: list[float] = []
    seen = 0
    while "p" not in [message.get("id") for message in fresh.messages]:
        message = await fresh.wait_for(lambda message: message.get("method") == "$/progress" or message.get("id") == "p", after=seen)
        seen = fresh.messages.index(message, seen) + 1
        times.append(asyncio.get_running_loop().time())
    reports = [params["value"]["message"] for params in shown(fresh) if params["value"]["kind"] == "report"]
    took = times[-1] - times[0]
    assert 2 <= len(reports) <= took * 10 + 2
    steps = [int(message.removeprefix("step ")) for message in reports]
    assert steps == sorted(set(steps))


async def test_a_client_without_progress_is_shown_none(client: RawClient) -> None:
    await client.command("progress", {"reports": 5})
    assert (await client.command("state"))["result"]["tasks"] == 0
    assert not created(client)
    assert not shown(client)


async def test_nothing_is_shown_after_a_refused_create(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    fresh.answer = lambda request: {"error": {"code": -32601, "message": "no"}}
    await fresh.command("progress", {"reports": 5, "pause": 0.02})
    state = (await fresh.command("state"))["result"]
    assert (state["shown"], state["questions"], state["tasks"]) == (0, 0, 0)
    assert not shown(fresh)


async def test_work_does_not_wait_for_the_client_and_a_late_answer_shows_a_whole_progress(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    asked: list[Message] = []
    fresh.answer = asked.append
    await fresh.command("progress", {"reports": 3})
    assert not shown(fresh)
    await fresh.notification("window/workDoneProgress/create")
    fresh.send({"jsonrpc": "2.0", "id": asked[0]["id"], "result": None})
    await ended(fresh)
    assert [params["value"]["kind"] for params in shown(fresh)] == ["begin", "end"]


async def test_cancel_reaches_the_work(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    id = fresh.post("workspace/executeCommand", {"command": "progress", "arguments": [{"reports": 100_000, "pause": 0.02}]})
    begun = await fresh.notification("$/progress")
    fresh.notify("window/workDoneProgress/cancel", {"token": "unknown"})
    fresh.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    assert (await fresh.reply(id))["result"]["cancelled"] is True
    await ended(fresh)
    fresh.notify("window/workDoneProgress/cancel", {"token": begun["token"]})


@pytest.mark.parametrize("token", ["the client's", 7])
async def test_the_clients_own_token_needs_no_create(client: RawClient, token: Any) -> None:
    params = {"command": "progress", "arguments": [{"reports": 1, "pause": 0.2}], "workDoneToken": token}
    await client.request("workspace/executeCommand", params)
    assert not created(client)
    assert [(params["token"], params["value"]["kind"]) for params in shown(client)] == [(token, "begin"), (token, "report"), (token, "end")]


async def test_tokens_do_not_leak(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    ids = [fresh.post("workspace/executeCommand", {"command": "progress", "arguments": [{"reports": 2}]}) for _ in range(300)]
    for id in ids:
        await fresh.reply(id)
    tokens = created(fresh)
    assert len(set(tokens)) == 300
    for token in tokens:
        await ended(fresh, token)
    state = (await fresh.command("state"))["result"]
    assert (state["shown"], state["questions"], state["tasks"]) == (0, 0, 0)


async def test_what_is_shown_ends_with_the_server(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    fresh.post("workspace/executeCommand", {"command": "progress", "arguments": [{"reports": 100_000, "pause": 0.02}]})
    await fresh.notification("$/progress")
    await fresh.leave()
    assert [params["value"]["kind"] for params in shown(fresh)].count("end") == 1
