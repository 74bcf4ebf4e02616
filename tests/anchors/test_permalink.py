"""Addresses of lines on the hosts that are known."""

from __future__ import annotations

import pytest

from locus.anchors.permalink import permalink

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:acme/shop.git",
        "github.com:acme/shop",
        "ssh://git@github.com/acme/shop.git",
        "ssh://git@ssh.github.com:443/acme/shop.git",
        "https://github.com/acme/shop.git",
        "https://github.com/acme/shop/",
        "https://person:secret@github.com/acme/shop.git",
        "git://github.com/acme/shop.git",
    ],
)
def test_every_way_to_write_a_remote_leads_to_the_same_page(remote: str) -> None:
    assert permalink(remote, SHA, "src/app.py", 3, 7) == f"https://github.com/acme/shop/blob/{SHA}/src/app.py#L3-L7"


@pytest.mark.parametrize(
    ("remote", "link"),
    [
        ("git@gitlab.example.org:group/sub/shop.git", f"https://gitlab.example.org/group/sub/shop/-/blob/{SHA}/a.py#L3-7"),
        ("https://gitlab.example.org:8443/group/shop.git", f"https://gitlab.example.org:8443/group/shop/-/blob/{SHA}/a.py#L3-7"),
        ("ssh://git@gitlab.example.org:2222/group/shop.git", f"https://gitlab.example.org/group/shop/-/blob/{SHA}/a.py#L3-7"),
        ("git@bitbucket.org:acme/shop.git", f"https://bitbucket.org/acme/shop/src/{SHA}/a.py#lines-3:7"),
        ("https://acme.ghe.com/team/shop", f"https://acme.ghe.com/team/shop/blob/{SHA}/a.py#L3-L7"),
        ("http://github.internal.example/team/shop", f"http://github.internal.example/team/shop/blob/{SHA}/a.py#L3-L7"),
    ],
)
def test_each_host_has_its_own_way(remote: str, link: str) -> None:
    assert permalink(remote, SHA, "a.py", 3, 7) == link


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/github.com/shop.git",
        "../shop.git",
        "file:///srv/github.com/acme/shop.git",
        "C:/github.com/shop",
        "git@example.org:acme/shop.git",
        "git@github-work:acme/shop.git",
        "https://github.com/",
        "https://github.com/acme",
        "https://[github.com/acme/shop",
        "ext::sh -c github.com/acme/shop",
    ],
)
def test_other_remotes_have_no_page(remote: str) -> None:
    assert permalink(remote, SHA, "a.py", 1, 1) is None


def test_one_line_needs_no_range() -> None:
    assert (permalink("git@github.com:acme/shop", SHA, "a.py", 3, 3) or "").endswith("a.py#L3")


def test_names_are_escaped_and_rendered_files_are_shown_as_text() -> None:
    link = permalink("git@github.com:acme/shop", SHA, "docs/à b#1?.md", 1, 2)
    assert link == f"https://github.com/acme/shop/blob/{SHA}/docs/%C3%A0%20b%231%3F.md?plain=1#L1-L2"
