from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from locus.model import labels
from locus.model.labels import LABELS, Family, read, replaced
from locus.model.task import Priority, TaskStatus, TaskType
from support.properties import modest

names = st.sampled_from([label.name for label in LABELS] + ["order:1", "order:12", "type:epic", "p:nobody", "locus:", "order:first", "bug"])
some = st.lists(names | st.text(max_size=12), max_size=8)
values: st.SearchStrategy[tuple[Family, str]] = st.one_of(
    st.tuples(st.just("p"), st.sampled_from([str(value) for value in Priority])),
    st.tuples(st.just("type"), st.sampled_from([str(value) for value in TaskType])),
    st.tuples(st.just("locus"), st.sampled_from([str(value) for value in TaskStatus])),
    st.tuples(st.just("order"), st.integers(1, 999).map(str)),
)


def test_the_schema() -> None:
    assert len(LABELS) == 15
    assert {label.name: label.color for label in LABELS} | {} == {
        "p:critical": "B60205",
        "p:high": "D93F0B",
        "p:medium": "E99695",
        "p:low": "F9D0C4",
        "type:feature": "0075CA",
        "type:bug": "1D76DB",
        "type:chore": "5319E7",
        "type:refactor": "6E5494",
        "type:docs": "0E8A16",
        "locus:queued": "C2E0C6",
        "locus:in-progress": "0E8A16",
        "locus:in-review": "FBCA04",
        "locus:done": "006B75",
        "locus:failed": "B60205",
        "agent:managed": "7057FF",
    }
    assert (labels.order_label(3).name, labels.order_label(3).color) == ("order:3", "CCCCCC")


def test_every_value_has_its_label() -> None:
    known = {label.name for label in LABELS}
    wanted = {f"p:{p}" for p in Priority} | {f"type:{t}" for t in TaskType} | {f"locus:{s}" for s in TaskStatus} | {labels.MANAGED}
    assert wanted == known


def test_nothing_said_is_queued() -> None:
    meta = read(["help wanted"])
    assert meta.status is TaskStatus.QUEUED
    assert (meta.type, meta.priority, meta.order, meta.managed, meta.agent) == (None, None, None, False, None)


def test_of_several_the_most_urgent_latest_smallest_counts_in_whatever_order() -> None:
    for each in permutations(["p:low", "p:high", "locus:queued", "locus:done", "order:7", "order:3"]):
        meta = read(each)
        assert (meta.priority, meta.status, meta.order) == (Priority.HIGH, TaskStatus.DONE, 3)


def test_an_agent_is_chosen_by_label_and_managed_is_none() -> None:
    assert read(["agent:managed"]).agent is None
    assert read(["agent:managed", "agent:Claude"]).agent == "Claude"


def test_case_does_not_count() -> None:
    assert read(["P:High", "Locus:Done", "Agent:Managed"]) == read(["p:high", "locus:done", "agent:managed"])
    assert replaced(["P:High"], "p", "low") == ("p:low",)


@modest
@given(some, values)
def test_a_family_has_the_value_that_was_set_and_foreign_labels_stay(present: list[str], wanted: tuple[Family, str]) -> None:
    family, value = wanted
    after = replaced(present, family, value)
    meta = read(after)
    said = {"p": meta.priority, "type": meta.type, "locus": meta.status, "order": meta.order}[family]
    assert str(said) == value
    foreign = {name for name in present if not name.lower().startswith(f"{family}:")}
    assert foreign <= set(after)
    assert replaced(after, family, value) == after


def test_labels_that_only_look_like_ours_stay() -> None:
    assert set(replaced(["type:epic", "type:bug"], "type", "docs")) == {"type:epic", "type:docs"}
    assert replaced(["order:first", "order:2"], "order", None) == ("order:first",)
