"""The GraphQL documents. Numbers and names go in as variables; only aliases and field names are written into the text."""

from __future__ import annotations

from collections.abc import Sequence

PULL = "number url state isDraft headRefName baseRefName title body"
ISSUE = f"""fragment issue on Issue {{
  id number title body url state stateReason
  assignees(first: 1) {{ nodes {{ login }} }}
  milestone {{ title }}
  labels(first: 100) {{ nodes {{ id name }} }}
  closedByPullRequestsReferences(first: 10, includeClosedPrs: true) {{ nodes {{ {PULL} }} }}
}}"""
COMMENTS = "comments(first: 100) { nodes { author { login } body createdAt } pageInfo { hasNextPage } }"
LABELS = "labels(first: 100, after: $labels) { nodes { id name } pageInfo { hasNextPage endCursor } }"
_REPOSITORY = "repository(owner: $owner, name: $name)"
_PAGE = "pageInfo { hasNextPage endCursor }"

LABEL_IDS = f"query($owner: String!, $name: String!, $labels: String) {{ {_REPOSITORY} {{ {LABELS} }} }}"

MILESTONES = f"""query($owner: String!, $name: String!, $after: String) {{ {_REPOSITORY} {{
  milestones(first: 100, after: $after, orderBy: {{field: NUMBER, direction: ASC}}) {{
    nodes {{ id number title state dueOn description }} {_PAGE}
  }}
}} }}"""


def issues(numbers: Sequence[int], *, labels: bool) -> str:
    """These issues with their comments, by the aliases `i<number>`; with `labels` the repository's labels with them."""
    issue = f"... on Issue {{ ...issue {COMMENTS} }} ... on PullRequest {{ id }}"
    wanted = "\n".join(f"  i{number}: issueOrPullRequest(number: {number}) {{ __typename {issue} }}" for number in numbers)
    more, variable = (f"  {LABELS}\n", ", $labels: String") if labels else ("", "")
    return f"query($owner: String!, $name: String!{variable}) {{ {_REPOSITORY} {{\n{wanted}\n{more}}} }}\n{ISSUE}"


def milestone_issues(labels: bool) -> str:
    """With their comments: prompts are written from them next. `labels` as above."""
    more, variable = (f"  {LABELS}\n", ", $labels: String") if labels else ("", "")
    return f"""query($owner: String!, $name: String!, $number: Int!, $after: String{variable}) {{ {_REPOSITORY} {{
  milestone(number: $number) {{ id number title state dueOn description
    issues(first: 100, after: $after) {{ nodes {{ ...issue {COMMENTS} }} {_PAGE} }}
  }}
{more}}} }}
{ISSUE}"""


def all_issues() -> str:
    """The newest first."""
    return f"""query($owner: String!, $name: String!, $states: [IssueState!], $first: Int!, $after: String) {{ {_REPOSITORY} {{
  issues(first: $first, after: $after, states: $states, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
    nodes {{ ...issue }} {_PAGE}
  }}
}} }}
{ISSUE}"""


def sprint_tasks() -> str:
    """Every milestone with what its counts are made of."""
    return f"""query($owner: String!, $name: String!, $after: String) {{ {_REPOSITORY} {{
  milestones(first: 20, after: $after, orderBy: {{field: NUMBER, direction: ASC}}) {{
    nodes {{ id number title state dueOn description
      issues(first: 100) {{ nodes {{ number labels(first: 20) {{ nodes {{ name }} }} }} pageInfo {{ hasNextPage }} }}
    }} {_PAGE}
  }}
}} }}"""
