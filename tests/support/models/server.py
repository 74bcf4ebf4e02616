"""Scripted models on loopback, for the real agents: what they have in common whatever API they speak.

The scenario is in the URL's path; the step of it that is played is the number of the model's turns that the request already contains. So
nothing is remembered here: a retry gets the same step again, a resumed session goes on where it was, and many agents share one server.
The exception is what fails only the first so many `times`. Each API is a `Dialect`: anthropic.py, responses.py, gemini.py.
"""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, Protocol, TypeVar

Json = dict[str, Any]
S = TypeVar("S")
T = TypeVar("T", contravariant=True)


class Midway(Enum):
    """What may happen between two events of a stream."""

    CUT = "the connection ends"
    RESET = "the connection is torn down"
    SILENCE = "nothing comes any more, until the client goes away"


@dataclass(frozen=True)
class Pause:
    """Between two events of a stream."""

    seconds: float


@dataclass(frozen=True)
class Whole:
    """An answer in one piece."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """Server-sent events, each a JSON object, named by its `type` where it has one, and what goes wrong between them."""

    events: Iterable[Json | Midway | Pause]


class Dropped(Enum):
    """The connection ends before there is any answer."""

    DROPPED = 1


Reply = Whole | Stream | Dropped


@dataclass(frozen=True)
class Request:
    """A turn that was asked for."""

    scenario: str
    step: int
    headers: Mapping[str, str]
    body: Json

    @property
    def text(self) -> str:
        """All that the model is told, in one string."""
        return json.dumps(self.body, ensure_ascii=False)


class Dialect(Protocol[T]):
    def step_of(self, path: str, body: Json) -> int | None:
        """Which step is asked for; None: this is no turn of a conversation. `path` is what follows the scenario."""

    def reply(self, step: T, body: Json, time: int) -> Reply:
        """`time`: how often this step has been asked for, 1 the first time."""

    def aside(self, path: str, body: Json) -> Whole:
        """The answer to what is no turn."""


class ScriptedModel(Generic[S]):
    """The server, from `with` to its end. A script's last step is repeated. `requests` are the turns that were asked for."""

    def __init__(self, dialect: Dialect[S], scenarios: Mapping[str, Sequence[S]] | None = None) -> None:
        self.dialect = dialect
        self.scenarios: dict[str, Sequence[S]] = dict(scenarios or {})
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.times: Counter[tuple[str, int]] = Counter()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.model = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def url(self, scenario: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/s/{scenario}"

    def __enter__(self) -> ScriptedModel[S]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    model: ScriptedModel[Any]

    def handle_error(self, *_: object) -> None:
        """An agent that is stopped leaves its connection as it is."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        self._whole(Whole(200, {}))

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}"))

    def _answer(self, body: Json) -> None:
        model = self.server.model
        found = re.fullmatch(r"/s/([^/]+)(/[^?]*)?(\?.*)?", self.path)
        if found is None or found[1] not in model.scenarios:
            self._whole(Whole(404, {"error": {"message": f"nothing at {self.path}"}}))
            return
        scenario, path = found[1], found[2] or "/"
        step = model.dialect.step_of(path, body)
        if step is None:
            self._whole(model.dialect.aside(path, body))
            return
        model.requests.append(Request(scenario, step, {name.lower(): value for name, value in self.headers.items()}, body))
        model.times[scenario, step] += 1
        steps = model.scenarios[scenario]
        reply = model.dialect.reply(steps[min(step, len(steps) - 1)], body, model.times[scenario, step])
        if isinstance(reply, Whole):
            self._whole(reply)
        elif isinstance(reply, Stream):
            self._stream(reply)
        else:
            self._end()

    def _whole(self, reply: Whole) -> None:
        data = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, reply: Stream) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in reply.events:
            if isinstance(event, dict):
                name = f"event: {event['type']}\n" if "type" in event else ""
                self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            elif isinstance(event, Pause):
                time.sleep(event.seconds)
            elif event is Midway.SILENCE:
                self._until_gone()
                return
            else:
                if event is Midway.RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._end()
                return

    def _end(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _until_gone(self) -> None:
        while not self.server.model.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return
