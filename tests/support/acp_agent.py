"""A program that speaks the Agent Client Protocol and does what its prompt says: no model, no network, standard library only.

    python acp_agent.py [--load] [--resume] [--modes] [--models] [--locked] [--deaf]

The prompt's last line, or one that begins with `STEPS: `, is a JSON list of steps, carried out in order. A prompt without any in a session
that goes on means those that were said there first, as far as `$LOCUS_ACP_LOG` knows them.

    {"say": text}  {"think": text}  {"plan": [[text, status], ...]}
    {"write": [path, content], "ask": true?}  {"run": command, "ask": true?}
    {"raw": message}  {"read": path}
    {"put": [path, content]} (these two ask the client)  {"cost": dollars}  {"tokens": total}
    {"wait": true}  until it is cancelled  {"fail": message}  {"stop": stop reason}  {"crash": exit code}

Each prompt of a session, with the mode and model in force, is appended to `$LOCUS_ACP_LOG`, where that is set. `--deaf`: it does not heed
`session/cancel`, SIGINT, SIGTERM and the end of its stdin.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

FLAGS = set(sys.argv[1:])
MODES = {"currentModeId": "yolo", "availableModes": [{"id": id, "name": id} for id in ("default", "autoEdit", "yolo")]}


class Agent:
    def __init__(self) -> None:
        self.writing = threading.Lock()
        self.ids = itertools.count(1)
        self.waiting: dict[str, queue.Queue[dict[str, Any]]] = {}
        self.cancelled = threading.Event()
        self.cwd = Path()
        self.mode, self.model, self.tokens = "yolo", "small", 0

    def send(self, **message: Any) -> None:
        with self.writing:
            sys.stdout.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
            sys.stdout.flush()

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        id = f"a{next(self.ids)}"
        answers = self.waiting[id] = queue.Queue()
        self.send(id=id, method=method, params=params)
        return answers.get()

    def update(self, session: str, what: str, **fields: Any) -> None:
        self.send(method="session/update", params={"sessionId": session, "update": {"sessionUpdate": what} | fields})

    def turn(self, request: object, session: str, prompt: str) -> None:
        if "LOCUS_ACP_LOG" in os.environ:
            with Path(os.environ["LOCUS_ACP_LOG"]).open("a") as log:
                log.write(json.dumps({"session": session, "prompt": prompt, "mode": self.mode, "model": self.model}) + "\n")
        reason = "end_turn"
        for step in self.steps(session, prompt):
            if self.cancelled.is_set() and "--deaf" not in FLAGS:
                break
            if "fail" in step:
                return self.send(id=request, error={"code": -32603, "message": "Internal error", "data": {"details": step["fail"]}})
            if "crash" in step:
                print("out of order", file=sys.stderr, flush=True)
                os._exit(step["crash"])
            reason = step.get("stop", reason)
            self.step(session, step)
        if self.cancelled.is_set():
            reason = "cancelled"
        usage = {"inputTokens": self.tokens, "outputTokens": 0, "totalTokens": self.tokens}
        return self.send(id=request, result={"stopReason": reason} | ({"usage": usage} if self.tokens else {}))

    def steps(self, session: str, prompt: str) -> list[dict[str, Any]]:
        said = [prompt]
        if "LOCUS_ACP_LOG" in os.environ:
            entries = [json.loads(line) for line in Path(os.environ["LOCUS_ACP_LOG"]).read_text().splitlines()]
            said += [entry["prompt"] for entry in entries if entry["session"] == session]
        for text in said:
            lines = text.strip().splitlines()
            found = next((line.removeprefix("STEPS: ") for line in lines if line.startswith("STEPS: ")), lines[-1])
            if found.startswith("["):
                steps: list[dict[str, Any]] = json.loads(found)
                return steps
        raise ValueError("no steps")

    def step(self, session: str, step: dict[str, Any]) -> None:
        if "say" in step:
            for word in step["say"].split(" "):
                self.update(session, "agent_message_chunk", content={"type": "text", "text": word + " "})
        elif "think" in step:
            self.update(session, "agent_thought_chunk", content={"type": "text", "text": step["think"]})
        elif "plan" in step:
            entries = [{"content": text, "status": status, "priority": "medium"} for text, status in step["plan"]]
            self.update(session, "plan", entries=entries)
        elif "raw" in step:
            self.send(**step["raw"])
        elif "cost" in step:
            self.update(session, "usage_update", used=10, size=1000, cost={"amount": step["cost"], "currency": "USD"})
        elif "tokens" in step:
            self.tokens = step["tokens"]
        elif "wait" in step:
            self.cancelled.wait()
            if "--deaf" in FLAGS:
                threading.Event().wait()
        elif "read" in step or "put" in step:
            self.through_the_client(session, step)
        elif "write" in step or "run" in step:
            self.tool(session, step)

    def through_the_client(self, session: str, step: dict[str, Any]) -> None:
        if "read" in step:
            answer = self.ask("fs/read_text_file", {"sessionId": session, "path": step["read"], "line": 1, "limit": 1})
        else:
            path, content = step["put"]
            answer = self.ask("fs/write_text_file", {"sessionId": session, "path": path, "content": content})
        said = json.dumps(answer.get("result", answer.get("error")))
        self.update(session, "agent_message_chunk", content={"type": "text", "text": said + "\n"})

    def tool(self, session: str, step: dict[str, Any]) -> None:
        id = f"call{next(self.ids)}"
        if "write" in step:
            path = self.cwd / step["write"][0]
            diff = {"type": "diff", "path": str(path), "newText": step["write"][1]}
            old = {"oldText": path.read_text()} if path.exists() else {}
            call: dict[str, Any] = {
                "title": f"Write {step['write'][0]}",
                "kind": "edit",
                "locations": [{"path": str(path)}],
                "content": [diff | old],
            }
        else:
            call = {"title": step["run"], "kind": "execute", "rawInput": {"command": step["run"]}}
        self.update(session, "tool_call", toolCallId=id, status="pending", **call)
        if step.get("ask"):
            options = [
                {"optionId": f"o-{kind}", "name": kind, "kind": kind}
                for kind in step.get("options", ["allow_once", "allow_always", "reject_once"])
            ]
            answer = self.ask(
                "session/request_permission", {"sessionId": session, "toolCall": {"toolCallId": id} | call, "options": options}
            )
            outcome = answer["result"]["outcome"]
            self.update(
                session,
                "agent_message_chunk",
                content={"type": "text", "text": f"was told {outcome.get('optionId', outcome['outcome'])}\n"},
            )
            if not str(outcome.get("optionId")).startswith("o-allow"):
                return self.update(session, "tool_call_update", toolCallId=id, status="failed")
        if "write" in step:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step["write"][1])
            return self.update(session, "tool_call_update", toolCallId=id, status="completed")
        done = subprocess.run(step["run"], shell=True, cwd=self.cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        status = "failed" if done.returncode else "completed"
        return self.update(session, "tool_call_update", toolCallId=id, status=status, rawOutput=done.stdout + done.stderr)

    def answer(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        """The result, or None where there is no such method."""
        match method:
            case "initialize":
                resume: dict[str, Any] = {"sessionCapabilities": {"resume": {}}} if "--resume" in FLAGS else {}
                return {
                    "protocolVersion": 1,
                    "agentCapabilities": {"loadSession": "--load" in FLAGS} | resume,
                    "authMethods": [{"id": "key", "name": "API key"}] if "--locked" in FLAGS else [],
                }
            case "session/new":
                self.cwd = Path(params["cwd"])
                return {"sessionId": f"session-{os.getpid()}"} | self.offers()
            case "session/load" | "session/resume":
                self.cwd = Path(params["cwd"])
                if method == "session/load":  # what was before is told again
                    self.update(params["sessionId"], "agent_message_chunk", content={"type": "text", "text": "as I said before\n"})
                return self.offers()
            case "session/set_mode":
                self.mode = params["modeId"]
                return {}
            case "session/set_config_option":
                self.model = params["value"]
                return {"configOptions": self.models()}
        return None

    def offers(self) -> dict[str, Any]:
        modes = {"modes": MODES} if "--modes" in FLAGS else {}
        return modes | ({"configOptions": self.models()} if "--models" in FLAGS else {})

    def models(self) -> list[dict[str, Any]]:
        values = [{"value": name, "name": name} for name in ("small", "big")]
        return [{"type": "select", "id": "m", "name": "Model", "category": "model", "currentValue": self.model, "options": values}]

    def listen(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            method, id, params = message.get("method"), message.get("id"), message.get("params") or {}
            if method is None:
                self.waiting.pop(id).put(message)
            elif method == "session/cancel":
                self.cancelled.set()
            elif method == "session/prompt":
                text = "".join(block.get("text", "") for block in params["prompt"])
                threading.Thread(target=self.turn, args=(id, params["sessionId"], text), daemon=True).start()
            elif "--locked" in FLAGS and method == "session/new":
                self.send(id=id, error={"code": -32000, "message": "Authentication required"})
            elif (result := self.answer(method, params)) is not None:
                self.send(id=id, result=result)
            elif id is not None:
                self.send(id=id, error={"code": -32601, "message": f"no method {method}"})


if __name__ == "__main__":
    if "--deaf" in FLAGS:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Agent().listen()
    if "--deaf" in FLAGS:
        threading.Event().wait()
