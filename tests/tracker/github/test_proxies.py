"""A proxy by environment, as many companies have it: it reaches the real gh, and what is wrong with it is named."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locus.errors import NotSetUp, OutOfReach
from locus.model.task import TaskDraft
from locus.tracker.github import client
from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.github.place import GitHubPlace
from locus.tracker.github.proxies import at_the_proxy
from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.proxy import Proxy

PLAIN = "github.localhost"
"""A host with which gh speaks without TLS; no name is looked up, that is the proxy's work."""
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "no_proxy", "all_proxy")


@pytest.fixture
def proxy(each_gh: Gh, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """gh goes by the environment alone, which has no proxy yet."""
    (each_gh.hosts.parent / "config.yml").write_text('version: "1"\n')
    monkeypatch.setattr(client, "_BACK_OFF", (0.02,))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    with Proxy(github.socket).up() as made:
        yield made


@pytest.fixture
def new_tracker(demo: Demo, each_gh: Gh, tmp_path: Path) -> Callable[[str], GitHubTracker]:
    def make(host: str) -> GitHubTracker:
        each_gh.host = host
        each_gh.log_in()
        place = GitHubPlace(host, "octo", "demo", "octo")
        return GitHubTracker(place, root=demo.person.path, locks=tmp_path / "locks", limits=tmp_path / "rate-limit.json")

    return make


NewTracker = Callable[[str], GitHubTracker]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
async def test_everything_goes_through_it(
    proxy: Proxy, new_tracker: NewTracker, demo: Demo, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, proxy.url)
    tracker = new_tracker(PLAIN)
    made = await tracker.create(TaskDraft(title="One", body="x" * 60_000))
    assert await tracker.pulls("locus/issue-1") == []
    assert demo.repository.issues[made.number].title == "One" and len(made.body) == 60_000
    assert proxy.asked and {line.split()[1].partition("/repos")[0].removesuffix("/graphql") for line in proxy.asked} == {
        f"http://api.{PLAIN}"
    }


async def test_its_login_is_in_its_address(proxy: Proxy, new_tracker: NewTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.login = "ada:sesame"
    monkeypatch.setenv("HTTP_PROXY", proxy.url_as("ada:sesame"))
    assert await new_tracker(PLAIN).pulls("locus/issue-1") == []
    for host, name in ((PLAIN, "HTTP_PROXY"), ("github.com", "HTTPS_PROXY")):
        monkeypatch.setenv(name, proxy.url_as("ada:wrong"))
        with pytest.raises(NotSetUp, match=f"the proxy before {host} wants a login") as told:
            await new_tracker(host).pulls("locus/issue-1")
        assert "HTTPS_PROXY" in str(told.value.hint) and "wrong" not in str(told.value)
    assert proxy.asked[-1] == "CONNECT api.github.com:443 HTTP/1.1"


async def test_one_that_lets_nobody_through(proxy: Proxy, new_tracker: NewTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.tunnels = "403 Forbidden"
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(NotSetUp, match=r"the proxy before github\.com does not let requests through") as told:
        await new_tracker("github.com").pulls("locus/issue-1")
    assert "NO_PROXY" in str(told.value.hint)


@pytest.mark.parametrize("said", ["502 Bad Gateway", "503 Service Unavailable", None])
async def test_one_that_gets_nowhere_itself(
    proxy: Proxy, new_tracker: NewTracker, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    """A run waits for that, and goes on by itself."""
    proxy.tunnels = said
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(OutOfReach, match=r"github\.com cannot be reached"):
        await new_tracker("github.com").pulls("locus/issue-1")
    assert len(proxy.asked) == 2, "a read is tried again"


async def test_one_that_is_not_there(proxy: Proxy, new_tracker: NewTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = f"http://ada:sesame@127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("HTTPS_PROXY", dead)
    with pytest.raises(OutOfReach, match=r"the proxy before github\.com does not answer: .*connection refused") as told:
        await new_tracker("github.com").pulls("locus/issue-1")
    assert "check HTTPS_PROXY" in str(told.value.hint) and "sesame" not in str(told.value)


async def test_gh_is_given_all_that_names_one(new_tracker: NewTracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY too: what gh makes of it is gh's own."""
    for name in NAMES:
        monkeypatch.setenv(name, f"of {name}")
    said = tmp_path / "said"
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "gh"
    script.write_text(f"#!/bin/sh\nenv > '{said}'\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(OutOfReach):
        await new_tracker("github.com").create(TaskDraft(title="One"))
    assert {f"{name}=of {name}" for name in NAMES} <= set(said.read_text().splitlines())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("error connecting to proxy.example\ncheck your internet connection or https://githubstatus.com\n", "there is no proxy.example"),
        ("error connecting to api.github.com\ncheck your internet connection or https://githubstatus.com\n", None),
        ('Get "https://api.github.com/user": dial tcp 127.0.0.1:443: connect: connection refused\n', None),
        ("", None),
    ],
)
def test_a_name_that_is_not_known(said: str, words: str | None) -> None:
    found = at_the_proxy("github.com", said)
    assert found is None if words is None else words in str(found)
