"""What an editor shows of a run while it goes on, as lines: the run itself, the progress bar, the status bar."""

from __future__ import annotations

from typing import Any

from demo.page import Page

SHOWN_STATES = ("working", "verifying", "publishing", "done", "failed", "blocked", "interrupted")
ENDED_RUN = ("done", "failed", "stopped", "refused", "lost")


class Watch:
    """Hears the server until `run_id` has ended; the run as it was last seen is in `run`."""

    def __init__(self, page: Page, run_id: str) -> None:
        self.run: dict[str, Any] = {}
        self.percentages: list[int] = []
        self._page = page
        self._run_id = run_id
        self._shown: dict[str, str] = {}
        self._shown_percentage = 0

    def heard(self, method: str, params: Any) -> bool:
        match method:
            case "$/progress":
                self._progress(params["value"])
            case "locus/status" if params["state"] != "idle":
                self._once("status", params["text"])
            case "locus/run" if params["run"]["id"] == self._run_id:
                self._tasks(params["run"])
            case _:
                return False
        return self.run.get("state") in ENDED_RUN and self.run.get("endedAt") is not None

    @property
    def at_once(self) -> int:
        """How many tasks were going on at the same time, at most."""
        times: list[tuple[str, str]] = [(task.get("startedAt", ""), task.get("endedAt", "")) for task in self.run["tasks"]]
        return max(sum(start <= moment < end for start, end in times) for moment, _ in times)

    def _progress(self, value: dict[str, Any]) -> None:
        if "percentage" not in value:
            return
        self.percentages.append(value["percentage"])
        done = (value.get("message") or "").partition(" · ")[0]
        if self._shown.get("done") != done or value["percentage"] >= self._shown_percentage + 25:
            self._shown["done"], self._shown_percentage = done, value["percentage"]
            self._page.happened("progress", f"{value['percentage']:>3} %  {done}")

    def _tasks(self, run: dict[str, Any]) -> None:
        self.run = run
        for task in run["tasks"]:
            if task["state"] in SHOWN_STATES:
                said = task.get("error") or (task.get("activity") if task["state"] == "working" else None)
                self._once(f"#{task['number']}", f"{task['state']:<10}  {said or task['title']}")
        for question in run.get("questions", ()):
            self._once("question", question["title"])

    def _once(self, who: str, what: str) -> None:
        if self._shown.get(who) != what:
            self._shown[who] = what
            self._page.happened(who, what)
