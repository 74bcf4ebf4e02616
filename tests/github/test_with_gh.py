"""The real gh against the stand-in: what it prints, how it ends, and that git's side works offline."""

from __future__ import annotations

import json

from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub


def test_issue_by_rest(github: GitHub, each_gh: Gh) -> None:
    repository = github.repository("octo/demo")
    sent = json.dumps({"title": 'Ünïcode "quotes" {owner}', "body": "a\nb", "labels": ["bug"]})
    done = each_gh.run("api", "-i", "-X", "POST", "repos/octo/demo/issues", "--input", "-", input=sent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.1 201 Created")
    assert repository.issues[1].title == 'Ünïcode "quotes" {owner}'
    assert github.operations() == ["issues/create"]


def test_graphql(github: GitHub, each_gh: Gh) -> None:
    repository = github.repository("octo/demo")
    github.issue(repository, "One", labels=["bug"])
    query = """query($o: String!, $r: String!) {
        repository(owner: $o, name: $r) { issues(first: 5) { totalCount nodes { title labels(first: 9) { nodes { id name } } } } }
        rateLimit { remaining cost }
    }"""
    done = each_gh.run("api", "-i", "graphql", "-f", f"query={query}", "-F", "o=octo", "-F", "r=demo")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout.partition("\n\n")[2])
    assert body["data"]["repository"]["issues"]["nodes"][0]["labels"]["nodes"][0]["name"] == "bug"


def test_fetch_push_and_pull(github: GitHub, demo: Demo, gh: Gh) -> None:
    demo.person.git("checkout", "--quiet", "-b", "feat")
    demo.person.commit({"new.txt": "new\n"})
    demo.person.git("push", "--quiet", "origin", "feat")
    assert demo.person.look("remote", "get-url", "origin") == "https://github.com/octo/demo.git"
    sent = json.dumps({"title": "P", "head": "feat", "base": "main", "body": "Closes #1"})
    done = gh.run("api", "-i", "-X", "POST", "repos/octo/demo/pulls", "--input", "-", input=sent)
    assert done.returncode == 0, (done.stdout, done.stderr)
    again = gh.run("api", "-i", "-X", "POST", "repos/octo/demo/pulls", "--input", "-", input=sent)
    assert again.returncode == 1
    assert "A pull request already exists for octo:feat." in again.stdout
