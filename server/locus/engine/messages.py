"""What a run writes for people into commits, pull requests and comments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from locus.model.body import disarmed
from locus.model.task import Task


def run_marker(run_id: str) -> str:
    return f"<!-- locus:run {run_id} -->"


def comment_marker(run_id: str, task: int, attempt: int, what: str, body: str) -> str:
    """A failure is known by its words, not by its attempt: a task that is taken up again and fails as before says nothing new."""
    which = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:8] if what == "failed" else attempt
    return f"locus:{what} {run_id} {task} {which}"


def commit_message(task: Task, summary: str | None) -> str:
    """It closes no issue when it comes to the default branch: that is the pull request's to say."""
    title = disarmed(" ".join(task.title.split()))
    head = f"{title} (#{task.number})"
    body = (summary or "").strip()
    return f"{head}\n\n{_plain(body)}" if body else head


def trailers(run_id: str, task: int, attempt: int, keeper: str) -> dict[str, str]:
    return {"Locus-Task": str(task), "Locus-Run": run_id, "Locus-Attempt": str(attempt), "Locus-Keeper": keeper}


def merge_message(base: str, run_id: str, keeper: str) -> str:
    """Of a merge that Locus makes itself; the trailers say that it is ours."""
    return f"Merge {base}\n\nLocus-Run: {run_id}\nLocus-Keeper: {keeper}"


def pull_title(task: Task) -> str:
    """It becomes the message of a commit where all are merged as one."""
    return f"{disarmed(' '.join(task.title.split()))} (#{task.number})"


def sprint_title(name: str) -> str:
    return f"Sprint: {name}"


def done_comment(branch: str, commit: str, summary: str | None, verified: Sequence[str], pull: int | None) -> str:
    lines = ["**Locus finished this task.**", ""]
    if summary:
        lines += [quoted(summary), ""]
    lines += [f"- Branch: `{branch}`", f"- Commit: {commit[:12]}"]
    if verified:
        lines.append(f"- Verified: {', '.join(verified)}")
    if pull is not None:
        lines.append(f"- Pull request: #{pull}")
    return "\n".join(lines)


def failed_comment(message: str, hint: str | None, branch: str | None) -> str:
    lines = ["**Locus could not finish this task.**", "", quoted(message)]
    if hint:
        lines += ["", hint]
    if branch:
        lines += ["", f"- Branch: `{branch}`"]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """As a quotation, so that nothing an agent says reads as ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip()[:1000].splitlines())


def _plain(body: str) -> str:
    """Without lines that git would read as trailers or as our own, and without NUL, which it does not take."""
    return "\n".join(line for line in disarmed(body.replace("\0", "")).splitlines() if not line.startswith("Locus-"))
