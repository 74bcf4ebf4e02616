"""What a GraphQL document costs by GitHub's published formula, and its bounds on connections.

A connection is one request for each of its parents; the sum, divided by 100 and rounded, is the cost in points, one at the least. Each
connection has to say `first` or `last`, between 1 and 100, and a document may not reach 500,000 nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import graphql

LARGEST = 100
MOST_NODES = 500_000


@dataclass
class Cost:
    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


class _Walk(graphql.Visitor):
    def __init__(self, types: graphql.TypeInfo, variables: dict[str, Any]) -> None:
        super().__init__()
        self.types = types
        self.variables = variables
        self.cost = Cost()
        self.errors: list[dict[str, Any]] = []
        self._parents = [1]

    def enter_field(self, node: graphql.FieldNode, *_: Any) -> None:
        kind = graphql.get_named_type(self.types.get_type())
        if kind is None or not kind.name.endswith("Connection"):
            self._parents.append(self._parents[-1])
            return
        said = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}
        bound = next((said[name] for name in ("first", "last") if said.get(name) is not None), None)
        name = node.name.value
        if bound is None:
            message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            self.errors.append({"type": "MISSING_PAGINATION_BOUNDARIES", "path": [name], "message": message})
        elif not 1 <= bound <= LARGEST:
            message = f"Requesting {bound} records on the `{name}` connection exceeds the `first` limit of {LARGEST} records."
            self.errors.append({"type": "EXCESSIVE_PAGINATION", "path": [name], "message": message})
        self.cost.requests += self._parents[-1]
        self.cost.nodes += self._parents[-1] * (bound or 0)
        self._parents.append(self._parents[-1] * (bound or 1))

    def leave_field(self, *_: Any) -> None:
        self._parents.pop()

    def _value(self, node: graphql.ValueNode) -> int | None:
        if isinstance(node, graphql.VariableNode):
            value = self.variables.get(node.name.value)
            return value if isinstance(value, int) else None
        return int(node.value) if isinstance(node, graphql.IntValueNode) else None


def cost_of(schema: graphql.GraphQLSchema, document: graphql.DocumentNode, variables: dict[str, Any]) -> tuple[Cost, list[dict[str, Any]]]:
    """The cost, and what GitHub refuses. A fragment counts once, where it is written."""
    types = graphql.TypeInfo(schema)
    walk = _Walk(types, variables)
    graphql.visit(document, graphql.TypeInfoVisitor(types, walk))
    if walk.cost.nodes > MOST_NODES:
        message = f"This query requests up to {walk.cost.nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
        walk.errors.append({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message})
    return walk.cost, walk.errors
