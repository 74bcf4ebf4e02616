from __future__ import annotations

import pytest

from locus.process import agent_env, git_env, scrubbed_env

KEPT = {
    "HOME": "/somewhere",
    "PATH": "/bin",
    "VIRTUAL_ENV": "/somewhere/venv",
    "ANTHROPIC_API_KEY": "key",
    "CLAUDE_CODE_USE_BEDROCK": "1",
    "CODEX_HOME": "/somewhere/codex",
    "GIT_SSH_COMMAND": "ssh -i key",
    "GIT_ASKPASS": "/usr/lib/git-core/my-askpass",
    "SSH_ASKPASS": "/usr/bin/ksshaskpass",
    "SSH_ASKPASS_REQUIRE": "prefer",
    "SSH_AUTH_SOCK": "/run/agent",
    "GIT_SSL_CAINFO": "/etc/ca.pem",
    "GIT_CONFIG_GLOBAL": "/somewhere/gitconfig",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "http.proxy",
    "GIT_CONFIG_VALUE_0": "http://proxy",
    "GIT_AUTHOR_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.invalid",
    "NODE_OPTIONS": "--max-old-space-size=4096",
    **{f"{name}_PROXY": "http://proxy" for name in ("HTTP", "HTTPS", "ALL", "NO")},
    **{f"{name}_proxy": "http://proxy" for name in ("http", "https", "all", "no")},
}
DROPPED = {
    "GIT_DIR": "/elsewhere/.git",
    "GIT_INDEX_FILE": "/elsewhere/index",
    "GIT_WORK_TREE": "/elsewhere",
    "GIT_PREFIX": "sub/",
    "GIT_CONFIG_PARAMETERS": "'a.b=c'",
    "GIT_TRACE": "1",
    "GIT_TRACE2_EVENT": "1",
    "GIT_AUTHOR_DATE": "1 +0000",
    "VSCODE_GIT_IPC_HANDLE": "/run/sock",
    "VSCODE_PID": "1",
    "ELECTRON_RUN_AS_NODE": "1",
    "PYTHONPATH": "/ours",
    "PYTHONHOME": "/ours",
    "__PYVENV_LAUNCHER__": "/ours",
    "CLAUDECODE": "1",
    "CLAUDE_CODE_ENTRYPOINT": "cli",
    "CODEX_THREAD_ID": "another",
    "CODEX_SANDBOX_NETWORK_DISABLED": "1",
    "LOCUS_RUN_ID": "another",
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*scrubbed_env(), "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (KEPT | DROPPED).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_persons_variables_stay_and_the_others_go(world: pytest.MonkeyPatch) -> None:
    assert {name: value for name, value in scrubbed_env().items() if name in KEPT | DROPPED} == KEPT
    proxies = {name: value for name, value in KEPT.items() if name.lower().endswith("_proxy")}
    assert all(proxies.items() <= env.items() for env in (git_env(), agent_env()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_ASKPASS", "/usr/share/code/resources/app/extensions/git/dist/askpass.sh"),
        ("GIT_ASKPASS", r"C:\Program Files\Microsoft VS Code\resources\app\extensions\git\dist\askpass.sh"),
        ("SSH_ASKPASS", "/opt/.vscode-server/bin/1/extensions/git/dist/ssh-askpass.sh"),
        ("NODE_OPTIONS", "--require /x/ms-vscode.js-debug/bootloader.js"),
        ("BROWSER", "/x/.cursor-server/bin/helpers/browser.sh"),
    ],
)
def test_helpers_of_an_editor_go(world: pytest.MonkeyPatch, name: str, value: str) -> None:
    world.setenv(name, value)
    env = scrubbed_env()
    assert name not in env
    assert ("SSH_ASKPASS_REQUIRE" in env) == (name != "SSH_ASKPASS")


def test_what_is_given_wins(world: pytest.MonkeyPatch) -> None:
    extra = {"LOCUS_RUN_ID": "mine", "HOME": "/other", "GIT_EDITOR": "ed", "GH_TOKEN": "given"}
    for env in (scrubbed_env(extra), git_env(extra), agent_env(extra)):
        assert extra.items() <= env.items()


def test_git_never_asks_and_speaks_english(world: pytest.MonkeyPatch) -> None:
    world.setenv("LANGUAGE", "de")
    world.setenv("LC_ALL", "de_DE.UTF-8")
    world.setenv("GIT_EDITOR", "vim")
    env = git_env()
    assert "LANGUAGE" not in env
    assert (env["LC_ALL"], env["GIT_TERMINAL_PROMPT"], env["GIT_OPTIONAL_LOCKS"]) == ("C.UTF-8", "0", "0")
    assert env["GIT_EDITOR"] == env["GIT_SEQUENCE_EDITOR"] == ":"


def test_an_agent_gets_no_github_token(world: pytest.MonkeyPatch) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        world.setenv(name, "secret")
    assert "secret" not in agent_env().values()
    assert agent_env()["ANTHROPIC_API_KEY"] == "key"
    assert git_env()["GH_TOKEN"] == "secret"
