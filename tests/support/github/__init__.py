"""GitHub on this machine: a stand-in that the real gh talks to over a unix socket, with git's side on disk. Nothing reaches the network.

    def test_a_label(github: GitHub, gh: Gh) -> None:            # fixtures.py has these, `each_gh`, `wire` and `demo`
        repository = github.repository("octo/demo")
        github.issue(repository, "Broken", labels=["bug"])
        github.fail(next=1, method="POST", path="/repos/*/labels", status=502, after_effect=True)
        ...
        assert github.operations() == ["issues/create-label", "issues/list-labels-for-repo"]

Without pytest (a demo, a benchmark) the same three are plain objects: `GitHub(socket)`, `Gh(folder, pinned(), socket)`, `Wire(folder)`;
what is started needs their environments. As a program of its own: __main__.py.

github.py is what tests hold, server.py HTTP, dispatch.py the way of a request, rest.py and graph*.py the two interfaces over the same
deeds (labels.py, issues.py, pulls.py) in one world (world.py), faults.py and limits.py what goes wrong, wire.py git's side, gh.py the
programs. Every answer is checked, in every test, against GitHub's own description of it (described.py), every GraphQL document against
GitHub's own schema (graph.py); what does not fit is in `GitHub.surprises`, and so is a request that GitHub would refuse or ignore.

What GitHub does and this does not, or does otherwise:

- What is written is seen at once, everywhere. GitHub's lists may lag behind for a moment, its search for minutes; there is no search here.
- The API version is 2022-11-28; another one is refused with 400.
- `mergeable` is always unknown (null, as GitHub says until it has found out), line and file counts of pull requests are 0.
- No templates, projects, reactions, sub-issues, teams, organizations, webhooks, required reviews, checks or protected branches.
- Lists are paged by `page` throughout; GitHub pages long ones by cursors in the `Link`. Whoever follows the links does not notice.
- One ETag for one body. GitHub's change with the token too, and now and then without a reason.
- The primary limits are counted as GitHub counts them (a 304 is free, GraphQL costs by its published formula); secondary limits strike
  only when a test says so.
- Permissions are by role alone: no scopes, no fine-grained tokens, no SAML.
- A deletion or transfer is a thing a test does; ids are small numbers, and node ids say what they are.
- A milestone's due date comes back as that day's 07:00 UTC; GitHub's hour follows California's summer time.
- Which error GitHub gives is documented only in part. Where it is not, the wording is from public reports of it, and the status is one
  that the description names for the operation: what milestone filters say of an unknown number, and who may not label or create.
"""
