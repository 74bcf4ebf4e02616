"""Who does the work, and with which model: the run's word, then the issue's label, then the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from support.house import House, done

WRITES = 'printf "%s %s %s" "$WHO" "${LOCUS_MODEL:-none}" "$LOCUS_TASK" > told.txt'


def profile(who: str, **more: Any) -> dict[str, Any]:
    return {"kind": "shell", "argv": ["sh", "-c", WRITES], "env": {"WHO": who}, **more}


@pytest.fixture
def two(house: House) -> House:
    house.configure(agents={"ann": profile("ann"), "bob": profile("bob", model="bobs-own")}, ai={"provider": "ann", "model": "for-all"})
    return house


async def told(house: House, number: int, **arguments: Any) -> str:
    assert done(view := await house.ended(await house.start(number, **arguments))), view
    return house.branch_files(f"locus/issue-{number}")["told.txt"]


@pytest.mark.parametrize(
    ("labels", "arguments", "who", "model"),
    [
        ((), {}, "ann", "for-all"),
        (("agent:bob",), {}, "bob", "bobs-own"),
        (("agent:bob",), {"agent": "ann"}, "ann", "for-all"),
        (("agent:bob",), {"model": "this-time"}, "bob", "this-time"),
        (("agent:managed",), {"agent": "bob", "model": "this-time"}, "bob", "this-time"),
    ],
)
async def test_the_run_the_label_and_the_configuration(
    two: House, labels: tuple[str, ...], arguments: dict[str, Any], who: str, model: str
) -> None:
    number = await two.issue("x", labels=labels)
    (planned,) = (await two.call("locus.run.plan", tasks=[number], **arguments)).tasks
    assert (planned.agent, planned.model) == (who, model)
    assert await told(two, number, **arguments) == f"{who} {model} {number}"


async def test_two_tasks_of_one_run_have_agents_of_their_own(two: House) -> None:
    first, second = await two.issue("x"), await two.issue("y", labels=("agent:bob",))
    view = await two.run(first, second)
    assert done(view)
    files = [two.branch_files(f"locus/issue-{number}")["told.txt"] for number in (first, second)]
    assert files == [f"ann for-all {first}", f"bob bobs-own {second}"]


async def test_a_label_that_names_nobody_refuses_the_run(two: House) -> None:
    number = await two.issue("x", labels=("agent:carl",))
    plan = await two.call("locus.run.plan", tasks=[number])
    assert [(each.number, each.reason) for each in plan.refused] == [(number, "there is no agent called 'carl'")]
