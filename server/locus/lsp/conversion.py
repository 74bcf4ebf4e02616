"""Between JSON and lsprotocol's types. Methods LSP does not know keep their plain JSON."""

from __future__ import annotations

import re
from typing import Any

import cattrs
from lsprotocol.converters import get_converter
from lsprotocol.types import METHOD_TO_TYPES, WORKSPACE_EXECUTE_COMMAND

from locus.lsp import errors

# Beside its own errors cattrs lets through what the hooks of unions run into while they guess at the type.
_MISFITS = (
    cattrs.BaseValidationError,
    cattrs.StructureHandlerNotFoundError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)


# Not executeCommand: cattrs would take an object for a list of arguments.
_TYPED = METHOD_TO_TYPES.keys() - {WORKSPACE_EXECUTE_COMMAND}


class Conversion:
    def __init__(self) -> None:
        self._converter = get_converter()

    def params(self, method: str, raw: Any) -> Any:
        """The typed params of an LSP method, or a dict. Raises ResponseError -32602 naming the argument."""
        if method not in _TYPED:
            if raw is None:
                return {}
            if not isinstance(raw, dict):
                raise errors.invalid_params("params: must be an object")
            return raw
        expected = METHOD_TO_TYPES[method][2]
        return None if expected is None else self.structure(raw, expected, "params")

    def structure(self, raw: Any, expected: Any, path: str) -> Any:
        """Raises ResponseError -32602; `path` is what `raw` is called in its message."""
        if isinstance(expected, type) and not isinstance(raw, dict):
            raise errors.invalid_params(f"{path}: must be an object")
        try:
            return self._converter.structure(raw, expected)
        except _MISFITS as error:
            raise errors.invalid_params(_explain(error, path)) from error

    def plain(self, value: Any) -> Any:
        """What json.dumps is told about values it does not know. Raises TypeError."""
        if hasattr(value, "__attrs_attrs__"):
            return self._converter.unstructure(value)
        raise TypeError(f"{type(value).__name__} cannot be sent")


def _explain(error: Exception, path: str) -> str:
    problems = cattrs.transform_error(error, path=path)
    return "; ".join(f"{_camel(where)}: {what}" for what, _, where in (problem.rpartition(" @ ") for problem in problems))


def _camel(path: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), path.removeprefix("params."))
