"""Issue templates as GitHub keeps them: what an issue takes from their heads, and which one is meant."""

from __future__ import annotations

import pytest

from locus.model.issue_template import IssueTemplate, choose, parse
from locus.model.task import TaskType

BUG = parse(
    "bug_report.md", "---\nname: Report a fault\ntitle: '[Bug]: '\nlabels: triage, \"needs info\"\nassignees: ada\n---\n\n## Steps\n"
)
FEATURE = parse("idea.md", "---\nname: Feature request\n---\n## Wish\n")


def test_the_head_is_read() -> None:
    assert (BUG.name, BUG.title, BUG.labels, BUG.body) == ("Report a fault", "[Bug]: ", ("triage", "needs info"), "## Steps")
    assert (FEATURE.name, FEATURE.title, FEATURE.labels, FEATURE.body) == ("Feature request", "", (), "## Wish")


@pytest.mark.parametrize("labels", ["labels: a, b", "labels: [a, 'b']", 'labels:\n  - a\n  - "b"', "labels: 'a, b'"])
def test_labels_are_written_in_many_ways(labels: str) -> None:
    assert parse("x.md", f"---\n{labels}\ntitle:\n---\n").labels == ("a", "b")


@pytest.mark.parametrize("text", ["no head", "---\nnever: closed\n", "", "## a\n---\nb\n---\n"])
def test_without_a_head_it_is_all_body(text: str) -> None:
    assert parse("x.md", text) == IssueTemplate("x.md", "", "", (), text.strip())


FORM = """\
name: Bug Report
description: File a bug report
title: "[Bug]: "
labels: ["bug", "triage"]
body:
  - type: markdown
    attributes:
      value: |
        Thanks for taking the time!
  - type: textarea
    id: what-happened
    attributes:
      label: What happened?
      description: Also tell us, what did you expect to happen?
    validations:
      required: true
  - type: dropdown
    attributes:
      label: "Version"
      options:
        - 1.0.2 (Default)
  - type: checkboxes
    attributes:
      label: Code of Conduct
      options:
        - label: I agree to follow it
          required: true
"""


@pytest.mark.parametrize("file", ["bug.yml", "bug.yaml"])
def test_a_form_gives_its_head_and_a_heading_for_each_field(file: str) -> None:
    assert parse(file, FORM) == IssueTemplate(
        file, "Bug Report", "[Bug]: ", ("bug", "triage"), "### What happened?\n\n### Version\n\n### Code of Conduct"
    )


@pytest.mark.parametrize("text", ["", "body: [", "body:\n- attributes: {label: x}\n", "label: top", "  label: >\n    folded\n"])
def test_a_form_that_is_written_otherwise_gives_no_text(text: str) -> None:
    assert parse("x.yml", text) == IssueTemplate("x.yml", "", "", (), "")


def test_a_title_begins_with_it_once() -> None:
    assert BUG.titled("It breaks") == "[Bug]: It breaks"
    assert BUG.titled("[bug]: it breaks") == "[bug]: it breaks"
    assert FEATURE.titled("More") == "More"


@pytest.mark.parametrize(("type", "chosen"), [(TaskType.BUG, BUG), (TaskType.FEATURE, FEATURE), (TaskType.DOCS, None), (None, None)])
def test_of_several_the_one_for_the_type(type: TaskType | None, chosen: IssueTemplate | None) -> None:
    assert choose([BUG, FEATURE], type) == chosen


def test_the_only_one_is_for_all() -> None:
    assert choose([BUG], None) is BUG
    assert choose([], TaskType.BUG) is None
