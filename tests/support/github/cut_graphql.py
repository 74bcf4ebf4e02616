"""Cuts GitHub's GraphQL schema down to the fields that the stand-in answers; arguments, inputs and enumerations stay whole.

    npm pack @octokit/graphql-schema@15.26.1
    PYTHONPATH=tests python -m support.github.cut_graphql octokit-graphql-schema-15.26.1.tgz

writes data/schema.graphql (1.2 MB become 11 kB, 430 ms of parsing become 20).
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graphql import language as ast

MEMBER = "package/schema.graphql"
CUT = Path(__file__).parent / "data" / "schema.graphql"

CONNECTION = "nodes pageInfo totalCount"
ISSUE = (
    "assignees author body closed closedAt comments createdAt databaseId id labels locked milestone number repository state title updatedAt"
    " url"
)
FIELDS = {
    "Query": "id node nodes rateLimit repository viewer",
    "Mutation": (
        "addComment addLabelsToLabelable closeIssue closePullRequest convertPullRequestToDraft createIssue createLabel"
        " markPullRequestReadyForReview removeLabelsFromLabelable reopenIssue updateIssue updatePullRequest"
    ),
    "RateLimit": "cost limit nodeCount remaining resetAt used",
    "Repository": (
        "databaseId defaultBranchRef hasIssuesEnabled id isArchived isFork isPrivate issue issueOrPullRequest issues label labels milestone"
        " milestones name nameWithOwner owner parent pullRequest pullRequests url viewerPermission"
    ),
    "Ref": "id name",
    "Issue": f"{ISSUE} closedByPullRequestsReferences stateReason",
    "PullRequest": (
        f"{ISSUE} baseRefName closingIssuesReferences headRefName headRefOid headRepository isCrossRepository isDraft merged mergedAt"
        " reviewDecision reviews"
    ),
    "Label": "color createdAt description id isDefault name url",
    "Milestone": "closed closedAt createdAt description dueOn id issues number state title updatedAt url",
    "IssueComment": "author body createdAt databaseId id updatedAt url viewerDidAuthor",
    "IssueCommentEdge": "cursor node",
    "PullRequestReview": "author body id state submittedAt url",
    "User": "databaseId id login name url",
    "PageInfo": "endCursor hasNextPage hasPreviousPage startCursor",
    "IssueConnection": CONNECTION,
    "PullRequestConnection": CONNECTION,
    "LabelConnection": CONNECTION,
    "UserConnection": CONNECTION,
    "MilestoneConnection": CONNECTION,
    "IssueCommentConnection": CONNECTION,
    "PullRequestReviewConnection": CONNECTION,
    "AddCommentPayload": "clientMutationId commentEdge subject",
    "AddLabelsToLabelablePayload": "clientMutationId labelable",
    "CloseIssuePayload": "clientMutationId issue",
    "ClosePullRequestPayload": "clientMutationId pullRequest",
    "ConvertPullRequestToDraftPayload": "clientMutationId pullRequest",
    "CreateIssuePayload": "clientMutationId issue",
    "CreateLabelPayload": "clientMutationId label",
    "MarkPullRequestReadyForReviewPayload": "clientMutationId pullRequest",
    "RemoveLabelsFromLabelablePayload": "clientMutationId labelable",
    "ReopenIssuePayload": "clientMutationId issue",
    "UpdateIssuePayload": "clientMutationId issue",
    "UpdatePullRequestPayload": "clientMutationId pullRequest",
    # Interfaces
    "Actor": "login url",
    "Labelable": "labels",
    "Node": "id",
    "RepositoryOwner": "id login url",
}
UNIONS = frozenset({"IssueOrPullRequest"})


def cut(source: str) -> ast.DocumentNode:
    """Types of fields, arguments and inputs follow; what is no type of FIELDS and comes as one is a mistake in FIELDS."""
    every = {node.name.value: node for node in ast.parse(source, no_location=True).definitions if isinstance(node, ast.TypeDefinitionNode)}
    kept: dict[str, ast.TypeDefinitionNode] = {}
    waiting = [*FIELDS, *UNIONS]
    while waiting:
        name = waiting.pop()
        if name in kept or name not in every:
            continue
        kept[name] = _kept(every[name])
        waiting += _mentioned(kept[name])
    unlisted = sorted(name for name, node in kept.items() if name not in FIELDS and isinstance(node, _WITH_OUTPUT))
    assert not unlisted, f"FIELDS does not say what is kept of {unlisted}"
    return ast.DocumentNode(definitions=tuple(kept[name] for name in sorted(kept)))


_WITH_OUTPUT = (ast.ObjectTypeDefinitionNode, ast.InterfaceTypeDefinitionNode)


def _kept(node: ast.TypeDefinitionNode) -> ast.TypeDefinitionNode:
    name = node.name.value
    plain: dict[str, Any] = {"name": node.name}
    match node:
        case ast.ObjectTypeDefinitionNode() | ast.InterfaceTypeDefinitionNode():
            fields = FIELDS.get(name, "").split()
            there = {field.name.value: field for field in node.fields or ()}
            plain["fields"] = tuple(_field(there[field]) for field in sorted(fields))
            plain["interfaces"] = tuple(one for one in node.interfaces or () if one.name.value in FIELDS)
        case ast.UnionTypeDefinitionNode():
            plain["types"] = node.types
        case ast.EnumTypeDefinitionNode():
            plain["values"] = tuple(ast.EnumValueDefinitionNode(name=value.name) for value in node.values or ())
        case ast.InputObjectTypeDefinitionNode():
            plain["fields"] = tuple(_argument(field) for field in node.fields or ())
    return type(node)(**plain)


def _field(field: ast.FieldDefinitionNode) -> ast.FieldDefinitionNode:
    return ast.FieldDefinitionNode(name=field.name, type=field.type, arguments=tuple(_argument(one) for one in field.arguments or ()))


def _argument(argument: ast.InputValueDefinitionNode) -> ast.InputValueDefinitionNode:
    return ast.InputValueDefinitionNode(name=argument.name, type=argument.type, default_value=argument.default_value)


def _mentioned(node: ast.TypeDefinitionNode) -> list[str]:
    match node:
        case ast.ObjectTypeDefinitionNode() | ast.InterfaceTypeDefinitionNode():
            return [*_types(node.fields or ()), *(name for field in node.fields or () for name in _types(field.arguments or ()))]
        case ast.InputObjectTypeDefinitionNode():
            return list(_types(node.fields or ()))
        case ast.UnionTypeDefinitionNode():
            return [one.name.value for one in node.types or ()]
    return []


def _types(typed: Iterable[ast.FieldDefinitionNode | ast.InputValueDefinitionNode]) -> Iterable[str]:
    for one in typed:
        inner: ast.TypeNode = one.type
        while isinstance(inner, ast.NonNullTypeNode | ast.ListTypeNode):
            inner = inner.type
        assert isinstance(inner, ast.NamedTypeNode)
        yield inner.name.value


def main(package: str) -> None:
    with tarfile.open(package) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None, f"{MEMBER} is not a file"
        source = member.read().decode()
    CUT.write_text(ast.print_ast(cut(source)) + "\n", encoding="utf-8")
    print(f"{CUT}: {CUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
