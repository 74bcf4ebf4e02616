"""Pull requests, by REST; found by their head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from locus.errors import NotFound, Refused
from locus.model.task import PullDraft, PullRequest
from locus.tracker.github.client import Client, Invalid
from locus.tracker.github.issues import Issues
from locus.tracker.github.lost import once
from locus.tracker.github.mutations import Mutation
from locus.tracker.github.place import GitHubPlace
from locus.tracker.github.reading import Json, pull_of
from locus.tracker.messages import no_pull, pull_open
from locus.tracker.protocol import NoDrafts, PullState


class Pulls:
    def __init__(self, client: Client, place: GitHubPlace, issues: Issues) -> None:
        self._client, self._place, self._issues = client, place, issues
        self._seen: dict[int, PullRequest] = {}

    async def of_branch(self, branch: str) -> list[PullRequest]:
        """The newest first."""
        head = quote(f"{self._place.head_owner}:{branch}", safe=":")
        found = await self._client.pages(f"pulls?head={head}&state=all&sort=created&direction=desc&per_page=100")
        return sorted((self._saw(each) for each in found), key=lambda pull: -pull.number)

    async def create(self, draft: PullDraft) -> PullRequest:
        fork = self._place.head_owner != self._place.owner
        data = {
            "title": draft.title,
            "body": draft.body,
            "head": f"{self._place.head_owner}:{draft.branch}" if fork else draft.branch,
            "base": draft.base,
            "draft": draft.draft,
        }

        async def send() -> PullRequest:
            try:
                return self._saw(await self._client.post("pulls", data))
            except Invalid as error:
                raise await self._why_not(draft, error) from error

        async def look() -> PullRequest | None:
            return await self._open(draft)

        return await once(send, look)

    async def update(self, number: int, *, title: str | None, body: str | None, draft: bool | None, state: PullState | None) -> PullRequest:
        if state == "merged":
            raise Refused(f"#{number} is merged on GitHub, not by Locus", f"`gh pr merge {number}`")
        if draft is not None and state is None and (seen := self._seen.get(number)) is not None:
            return await self._redrafted(seen, {"title": title, "body": body}, draft)
        data: dict[str, Any] = {"title": title, "body": body, "state": state}
        data = {name: value for name, value in data.items() if value is not None}
        try:
            answer = await (self._client.patch(f"pulls/{number}", data) if data else self._client.get(f"pulls/{number}"))
        except NotFound as error:
            raise no_pull(number) from error
        except Invalid as error:
            raise await self._why_not_changed(number, state, error) from error
        pull = self._saw(answer)
        if draft is not None:
            pull = await self._redrafted(pull, {}, draft)
        if state is not None and pull.state == "merged":  # GitHub takes it, and nothing happens
            raise _merged(number, state)
        return pull

    async def _redrafted(self, seen: PullRequest, said: Mapping[str, str | None], draft: bool) -> PullRequest:
        """By one document with what else is changed: REST cannot make a draft of one, or the other way round."""
        said = {name: value for name, value in said.items() if value is not None}
        id = self._issues.id(seen.number)
        parts = [Mutation.of("updatePullRequest", pullRequestId=id, **said)] if said else []
        if draft != seen.draft:
            parts.append(Mutation.of("convertPullRequestToDraft" if draft else "markPullRequestReadyForReview", pullRequestId=id))
        await self._issues.apply(parts)
        self._seen[seen.number] = seen.model_copy(update={**said, "draft": draft})
        return self._seen[seen.number]

    async def _open(self, draft: PullDraft) -> PullRequest | None:
        pulls = await self.of_branch(draft.branch)
        return next((pull for pull in pulls if pull.state == "open" and pull.base == draft.base), None)

    async def _why_not_changed(self, number: int, state: PullState | None, error: Invalid) -> Refused:
        present = pull_of(await self._client.get(f"pulls/{number}"))
        if state is not None and present.state == "merged":
            return _merged(number, state)
        if state == "open":
            others = [pull for pull in await self.of_branch(present.branch) if pull.state == "open" and pull.base == present.base]
            if others:
                return pull_open(present.branch, present.base, others[0].number)
        return Refused(f"pull request #{number} cannot be changed so: {error.message}", f"look at it: `gh pr view {number}`")

    async def _why_not(self, draft: PullDraft, error: Invalid) -> Refused:
        if error.says("already exists") and (there := await self._open(draft)) is not None:
            return pull_open(draft.branch, draft.base, there.number)
        if draft.draft and error.says("draft pull requests are not supported"):
            return NoDrafts(f"{self._place.full_name} does not allow draft pull requests", 'set "sprint.draftPR" to false')
        if error.says("no commits between"):
            return Refused(f"{draft.branch} has nothing that {draft.base} has not", "was it merged meanwhile? look at the branch on GitHub")
        words = "; ".join(str(each.get("message") or each) if isinstance(each, dict) else str(each) for each in error.errors)
        return Refused(f"GitHub did not take the pull request: {words or error.message}", "mend that, then `locus run --resume`")

    def _saw(self, answer: Json) -> PullRequest:
        self._issues.made(answer["number"], answer["node_id"])
        pull = self._seen[answer["number"]] = pull_of(answer)
        return pull


def _merged(number: int, state: PullState) -> Refused:
    return Refused(f"pull request #{number} is merged, it cannot be {state} any more", "make a new one from the branch")
