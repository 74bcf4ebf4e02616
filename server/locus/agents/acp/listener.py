"""What the library calls when an agent tells or asks. Terminals are not offered: agents run their commands themselves, supervised."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from acp import RequestError, schema

from locus.agents.acp.files import Files


class Told(Protocol):
    def heard(self, update: Any) -> None: ...

    async def asked(self, call: schema.ToolCallUpdate, options: Sequence[schema.PermissionOption]) -> schema.RequestPermissionResponse: ...


class Listener:
    """`acp.Client` as far as we offer it; the library answers for what is not here. It passes everything by keyword."""

    def __init__(self, told: Told, files: Files) -> None:
        self._told = told
        self._files = files

    async def session_update(self, update: Any, **_: Any) -> None:
        self._told.heard(update)

    async def request_permission(
        self, tool_call: schema.ToolCallUpdate, options: list[schema.PermissionOption], **_: Any
    ) -> schema.RequestPermissionResponse:
        return await self._told.asked(tool_call, options)

    async def read_text_file(self, path: str, line: int | None = None, limit: int | None = None, **_: Any) -> schema.ReadTextFileResponse:
        return schema.ReadTextFileResponse(content=await asyncio.to_thread(self._files.read, path, line, limit))

    async def write_text_file(self, path: str, content: str, **_: Any) -> schema.WriteTextFileResponse:
        await asyncio.to_thread(self._files.write, path, content)
        return schema.WriteTextFileResponse()

    async def ext_method(self, method: str, _params: dict[str, Any]) -> dict[str, Any]:
        raise RequestError.method_not_found(method)

    async def ext_notification(self, _method: str, _params: dict[str, Any]) -> None:
        """Extensions are nothing to us."""
