from __future__ import annotations

from typing import Any

import pytest

from support.github.client import Client
from support.github.fixtures import Demo
from support.github.github import GitHub
from support.github.world import Repository

SPRINT = """query($milestone: String, $cursor: String) {
  repository(owner: "octo", name: "demo") {
    issues(first: 100, after: $cursor, filterBy: {milestoneNumber: $milestone}, orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { id number title state stateReason labels(first: 50) { nodes { id name } } milestone { number title } }
    }
  }
  rateLimit { cost remaining }
}"""


def data(client: Client, query: str, **variables: Any) -> Any:
    said = client.graphql(query, **variables)
    assert said.status == 200
    assert "errors" not in said.body, said.body
    return said.body["data"]


def test_a_sprint_is_read_page_by_page(client: Client, github: GitHub, repository: Repository) -> None:
    for title in ("Sprint 1", "Sprint 2"):
        github.milestone(repository, title)
    for number in range(260):
        github.issue(repository, f"Issue {number}", labels=["type:bug"], milestone=1 + number % 2)
    found: list[int] = []
    cursor = None
    while True:
        page = data(client, SPRINT, milestone="2", cursor=cursor)["repository"]["issues"]
        found += [issue["number"] for issue in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
    assert page["totalCount"] == 130
    assert found == list(range(2, 261, 2))
    assert page["nodes"][0]["labels"]["nodes"] == [{"id": f"LA_{repository.issues[1].labels[0]}", "name": "type:bug"}]
    assert page["nodes"][0]["milestone"] == {"number": 2, "title": "Sprint 2"}


def test_what_a_document_costs(client: Client, github: GitHub) -> None:
    one = data(client, SPRINT)["rateLimit"]
    assert (one["cost"], one["remaining"]) == (1, 4999)
    deep = """{ repository(owner: "octo", name: "demo") { issues(first: 100) { nodes {
        labels(first: 10) { totalCount } comments(first: 10) { totalCount } closedByPullRequestsReferences(first: 10) { totalCount }
    } } } rateLimit { cost nodeCount } }"""
    assert data(client, deep)["rateLimit"] == {"cost": 3, "nodeCount": 3100}
    assert github.limits.of("graphql").used == 4


@pytest.mark.parametrize(
    ("query", "type"),
    [
        ('{ repository(owner: "octo", name: "demo") { labels { totalCount } } }', "MISSING_PAGINATION_BOUNDARIES"),
        ('{ repository(owner: "octo", name: "demo") { labels(first: 101) { totalCount } } }', "EXCESSIVE_PAGINATION"),
        (
            '{ repository(owner: "octo", name: "demo") { issues(first: 100) { nodes { comments(first: 100) { nodes { id } }'
            " closedByPullRequestsReferences(first: 100) { nodes { labels(first: 100) { nodes { id } } } } } } } }",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
    ],
)
def test_connections_have_bounds(client: Client, github: GitHub, query: str, type: str) -> None:
    said = client.graphql(query)
    assert (said.status, said.body["errors"][0]["type"]) == (200, type)
    assert len(github.surprises) == 1
    github.surprises.clear()


@pytest.mark.parametrize("query", ["{ viewer { shoeSize } }", "{ viewer { login ", "mutation { closeIssue { clientMutationId } }"])
def test_what_the_schema_does_not_have(client: Client, github: GitHub, query: str) -> None:
    said = client.graphql(query)
    assert said.status == 200
    assert "data" not in said.body
    assert len(github.surprises) == 1
    github.surprises.clear()


def test_a_body_without_a_query(client: Client, github: GitHub) -> None:
    assert "query attribute" in client.post("/graphql", {"mutation": "x"}).body["errors"][0]["message"]
    github.surprises.clear()


def test_issues_by_their_numbers_in_one_document(client: Client, github: GitHub, repository: Repository) -> None:
    other = github.repository("octo/other")
    for title in ("One", "Two", "Three", "Four"):
        github.issue(repository, title)
    github.delete(repository, 2)
    github.transfer(repository, 3, other)
    said = client.graphql(
        """{ repository(owner: "octo", name: "demo") {
          n1: issueOrPullRequest(number: 1) { __typename ... on Issue { title } }
          n2: issueOrPullRequest(number: 2) { __typename }
          n3: issue(number: 3) { title }
          n4: issue(number: 4) { title }
          n9: pullRequest(number: 1) { title }
        } }"""
    ).body
    found = said["data"]["repository"]
    assert found["n1"] == {"__typename": "Issue", "title": "One"}
    assert (found["n2"], found["n3"], found["n4"], found["n9"]) == (None, None, {"title": "Four"}, None)
    assert [(error["path"], error["type"]) for error in said["errors"]] == [(["repository", f"n{n}"], "NOT_FOUND") for n in (2, 3, 9)]
    assert said["errors"][0]["message"] == "Could not resolve to an issue or pull request with the number of 2."


def test_labels_of_several_issues_change_in_one_document(client: Client, github: GitHub, repository: Repository) -> None:
    first = github.issue(repository, "One", labels=["locus:queued", "mine"])
    second = github.issue(repository, "Two", labels=["locus:queued"])
    ids = {label.name: f"LA_{label.id}" for label in (*repository.labels.values(), github.label(repository, "locus:done"))}
    github.add_label(repository, 1, "added in between")
    shown = "labelable {{ labels(first: 9) {{ nodes {{ name }} }} }}"
    one = '{a}: addLabelsToLabelable(input: {{labelableId: "{id}", labelIds: ["{done}"]}}) {{ ' + shown + " }}"
    two = '{r}: removeLabelsFromLabelable(input: {{labelableId: "{id}", labelIds: ["{queued}"]}}) {{ clientMutationId }}'
    parts = [
        part.format(a=f"a{n}", r=f"r{n}", id=issue.node_id, done=ids["locus:done"], queued=ids["locus:queued"])
        for n, issue in enumerate((first, second))
        for part in (one, two)
    ]
    said = data(client, "mutation { " + " ".join(parts) + " }")
    assert [node["name"] for node in said["a1"]["labelable"]["labels"]["nodes"]] == ["locus:queued", "locus:done"]
    names = [[label.name for label in repository.labels_of(issue)] for issue in (first, second)]
    assert names == [["mine", "added in between", "locus:done"], ["locus:done"]]
    assert github.limits.of("graphql").used == 1
    assert github.limits.of("core").used == 0


def test_what_fails_in_a_document_leaves_the_rest(client: Client, github: GitHub, repository: Repository) -> None:
    issue = github.issue(repository, "One", labels=["a"])
    query = """mutation($good: ID!, $label: ID!) {
      bad: addLabelsToLabelable(input: {labelableId: "I_999", labelIds: [$label]}) { clientMutationId }
      good: removeLabelsFromLabelable(input: {labelableId: $good, labelIds: [$label], clientMutationId: "x"}) { clientMutationId }
    }"""
    said = client.graphql(query, good=issue.node_id, label=f"LA_{issue.labels[0]}").body
    assert said["data"] == {"bad": None, "good": {"clientMutationId": "x"}}
    assert said["errors"][0]["message"] == "Could not resolve to a node with the global id of 'I_999'"
    assert (said["errors"][0]["type"], said["errors"][0]["path"]) == ("NOT_FOUND", ["bad"])
    assert issue.labels == []


def test_who_may_not_label(client: Client, github: GitHub, repository: Repository) -> None:
    issue = github.issue(repository, "One", labels=["a"])
    github.user("reader", token="t")
    query = "mutation($id: ID!) { addLabelsToLabelable(input: {labelableId: $id, labelIds: []}) { clientMutationId } }"
    error = Client(github.socket, "t").graphql(query, id=issue.node_id).body["errors"][0]
    assert (error["type"], error["message"]) == (
        "FORBIDDEN",
        "reader does not have the correct permissions to execute `AddLabelsToLabelable`",
    )


def test_labels_are_made_and_found(client: Client, github: GitHub, repository: Repository) -> None:
    make = """mutation($repository: ID!, $name: String!) {
      createLabel(input: {repositoryId: $repository, name: $name, color: "ff0000", description: "D"}) {
        label { id name color description }
      }
    }"""
    made = data(client, make, repository=f"R_{repository.id}", name="bug")["createLabel"]["label"]
    assert made == {"id": "LA_3", "name": "bug", "color": "ff0000", "description": "D"}
    taken = client.graphql(make, repository=f"R_{repository.id}", name="BUG").body["errors"][0]
    assert (taken["type"], taken["message"]) == ("UNPROCESSABLE", "Name has already been taken")
    query = """{ repository(owner: "octo", name: "demo") {
      labels(first: 100, query: "bu") { totalCount nodes { name } } label(name: "BUG") { id } none: label(name: "none") { id }
    } node(id: "LA_3") { __typename ... on Label { name } } nodes(ids: ["LA_3", "LA_4"]) { id } }"""
    said = client.graphql(query).body
    assert said["data"] == {
        "repository": {"labels": {"totalCount": 1, "nodes": [{"name": "bug"}]}, "label": {"id": "LA_3"}, "none": None},
        "node": {"__typename": "Label", "name": "bug"},
        "nodes": [{"id": "LA_3"}, None],
    }
    assert [error["path"] for error in said["errors"]] == [["nodes", 1]]


def test_issues_are_made_changed_closed_and_commented_on(client: Client, github: GitHub, repository: Repository) -> None:
    milestone = github.milestone(repository, "Sprint 1")
    made = data(
        client,
        'mutation($r: ID!) { createIssue(input: {repositoryId: $r, title: "One", body: "B"}) { issue { id number url } } }',
        r=f"R_{repository.id}",
    )["createIssue"]["issue"]
    assert (made["number"], made["url"]) == (1, "https://github.com/octo/demo/issues/1")
    document = """mutation($id: ID!, $milestone: ID) {
      updateIssue(input: {id: $id, milestoneId: $milestone, title: "Two"}) { issue { title milestone { title } } }
      addComment(input: {subjectId: $id, body: "Hello"}) { commentEdge { node { body author { login } viewerDidAuthor } } }
      closeIssue(input: {issueId: $id, stateReason: NOT_PLANNED}) { issue { state stateReason closedAt comments(first: 9) { totalCount } } }
    }"""
    said = data(client, document, id=made["id"], milestone=f"MI_{milestone.id}")
    assert said["updateIssue"]["issue"] == {"title": "Two", "milestone": {"title": "Sprint 1"}}
    assert said["addComment"]["commentEdge"]["node"] == {"body": "Hello", "author": {"login": "octo"}, "viewerDidAuthor": True}
    assert said["closeIssue"]["issue"]["stateReason"] == "NOT_PLANNED"
    assert said["closeIssue"]["issue"]["comments"]["totalCount"] == 1
    cleared = data(client, document, id=made["id"], milestone=None)["updateIssue"]["issue"]
    assert cleared["milestone"] is None
    again = data(client, "mutation($id: ID!) { reopenIssue(input: {issueId: $id}) { issue { state stateReason } } }", id=made["id"])
    assert again["reopenIssue"]["issue"] == {"state": "OPEN", "stateReason": "REOPENED"}


def test_pull_requests(github: GitHub, demo: Demo) -> None:
    client = Client(github.socket)
    github.issue(demo.repository, "One")
    demo.person.on_remote("branch", "feat", "main")
    demo.person.commit_on_remote({"new.txt": "new\n"}, branch="feat")
    made = github.pull(demo.repository, title="P", head="feat", base="main", body="Closes #1", draft=True)
    drafting = "mutation($id: ID!) {{ {deed}(input: {{pullRequestId: $id}}) {{ pullRequest {{ isDraft state }} }} }}"
    for deed, draft in (("markPullRequestReadyForReview", False), ("convertPullRequestToDraft", True)):
        assert data(client, drafting.format(deed=deed), id=made.node_id)[deed]["pullRequest"] == {"isDraft": draft, "state": "OPEN"}
    github.review(demo.repository, 2, "APPROVE", user="grace")
    query = """{ repository(owner: "octo", name: "demo") {
      pullRequests(first: 10, headRefName: "feat", states: [OPEN]) { nodes {
        number headRefName headRefOid baseRefName merged isCrossRepository reviewDecision headRepository { nameWithOwner }
        closingIssuesReferences(first: 9) { nodes { number } } reviews(first: 9) { nodes { state author { login } } }
      } }
      issue(number: 1) { closedByPullRequestsReferences(first: 9) { nodes { number } } }
    } }"""
    found = data(client, query)["repository"]
    assert found["pullRequests"]["nodes"] == [
        {
            "number": 2,
            "headRefName": "feat",
            "headRefOid": demo.person.tip("feat"),
            "baseRefName": "main",
            "merged": False,
            "isCrossRepository": False,
            "reviewDecision": "APPROVED",
            "headRepository": {"nameWithOwner": "octo/demo"},
            "closingIssuesReferences": {"nodes": [{"number": 1}]},
            "reviews": {"nodes": [{"state": "APPROVED", "author": {"login": "grace"}}]},
        }
    ]
    assert found["issue"]["closedByPullRequestsReferences"]["nodes"] == [{"number": 2}]
    with demo.person.changing():
        github.merge(demo.repository, 2)
    states = '{ repository(owner: "octo", name: "demo") { pullRequest(number: 2) { state merged } issue(number: 1) { state } } }'
    assert data(client, states)["repository"] == {"pullRequest": {"state": "MERGED", "merged": True}, "issue": {"state": "CLOSED"}}


def test_a_repository_that_is_not_there(client: Client) -> None:
    said = client.graphql('{ repository(owner: "octo", name: "none") { id } viewer { login } }').body
    assert said["data"] == {"repository": None, "viewer": {"login": "octo"}}
    assert said["errors"][0]["message"] == "Could not resolve to a Repository with the name 'octo/none'."


def test_a_repository_and_its_milestones(client: Client, github: GitHub, repository: Repository) -> None:
    github.milestone(repository, "Sprint 1", due_on="2030-01-01")
    github.milestone(repository, "Sprint 2", state="closed")
    query = """{ repository(owner: "OCTO", name: "Demo") {
      id databaseId nameWithOwner isFork isArchived hasIssuesEnabled viewerPermission
      owner { login } defaultBranchRef { name } parent { id }
      milestones(first: 100, states: [OPEN]) { nodes { id number title state dueOn closed issues(first: 1) { totalCount } } }
      milestone(number: 2) { title }
    } }"""
    found = data(client, query)["repository"]
    assert found["viewerPermission"] == "ADMIN"
    assert (found["nameWithOwner"], found["defaultBranchRef"], found["parent"]) == ("octo/demo", {"name": "main"}, None)
    assert [(one["title"], one["dueOn"]) for one in found["milestones"]["nodes"]] == [("Sprint 1", "2030-01-01T07:00:00Z")]
    assert found["milestone"] == {"title": "Sprint 2"}
