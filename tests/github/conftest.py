"""The stand-in is asked directly where gh makes no difference: a request takes a millisecond then."""

from __future__ import annotations

import pytest

from support.github.client import Client
from support.github.fixtures import demo, each_gh, gh, github, short_folder, wire
from support.github.github import GitHub
from support.github.world import Repository

__all__ = ["demo", "each_gh", "gh", "github", "short_folder", "wire"]


@pytest.fixture
def repository(github: GitHub) -> Repository:
    return github.repository("octo/demo")


@pytest.fixture
def client(github: GitHub, repository: Repository) -> Client:
    return Client(github.socket)
