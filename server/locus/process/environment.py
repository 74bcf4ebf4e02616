"""The environment of what Locus starts: the person's own, without what an editor, a git hook or this interpreter put there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# Variables that describe where somebody else stands. An editor's are wrong as soon as the editor is gone, and a run outlives it;
# ELECTRON_RUN_AS_NODE would turn an agent's Electron tools into node; PYTHON* are our interpreter's; LOCUS_* are set afresh for each child.
_DROPPED_PREFIXES = ("VSCODE_", "ELECTRON_", "PYTHON", "LOCUS_")
_DROPPED = frozenset(
    {
        "__PYVENV_LAUNCHER__",
        # Marks of a session that an agent CLI leaves to its children; an agent that sees them believes it runs inside itself.
        # The other CLAUDE_CODE_* and CODEX_* variables are the person's settings and stay.
        "CLAUDECODE",
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_EXECPATH",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_CODE_SSE_PORT",
        "CODEX_CI",
        "CODEX_SANDBOX",
        "CODEX_SANDBOX_NETWORK_DISABLED",
        "CODEX_SESSION_ID",
        "CODEX_THREAD_ID",
        "CODEX_TOOL_CALL_ID",
        "CODEX_VERSION",
    }
)

# Of GIT_* only what says how to reach, trust and sign. GIT_DIR, GIT_INDEX_FILE, GIT_WORK_TREE, GIT_PREFIX, GIT_OBJECT_DIRECTORY,
# GIT_NAMESPACE, GIT_REFLOG_ACTION, GIT_CONFIG_PARAMETERS and their like belong to the one git command that exported them (a hook, an
# alias) and would point ours at the wrong repository; GIT_TRACE* and GIT_CURL_VERBOSE write into the stderr that we read; GIT_*_DATE
# would give every commit the same time.
_KEPT_GIT_PREFIXES = (
    "GIT_SSH",  # GIT_SSH, GIT_SSH_COMMAND, GIT_SSH_VARIANT
    "GIT_SSL_",
    "GIT_HTTP_",
    "GIT_PROXY_",
    "GIT_CONFIG_KEY_",  # with GIT_CONFIG_VALUE_n and GIT_CONFIG_COUNT: configuration that the person gives by environment
    "GIT_CONFIG_VALUE_",
)
_KEPT_GIT = frozenset(
    {
        "GIT_ASKPASS",
        "GIT_EXEC_PATH",
        "GIT_ALLOW_PROTOCOL",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_ATTR_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_AUTHOR_NAME",  # the person's identity, where it is given by environment only
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    }
)

# Helpers that talk to a running editor: dropped when they are the editor's, kept when they are the person's.
_HELPERS = frozenset({"GIT_ASKPASS", "SSH_ASKPASS", "NODE_OPTIONS", "BROWSER"})
_EDITOR_PATHS = (
    "/extensions/git/",
    "vscode",
    "code-server",
    "cursor-server",
    "js-debug",
    "jetbrains",
    "intellij",
    ".app/contents/resources/app/",
)

# What gh and GitHub's runners read. gh's own stored login is a file and is not hidden by this.
_GITHUB_TOKENS = frozenset(
    {
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GH_ENTERPRISE_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    }
)


def scrubbed_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what is not the person's, plus `extra`."""
    env = {name: value for name, value in os.environ.items() if _is_the_persons(name, value)}
    if "SSH_ASKPASS" not in env:
        env.pop("SSH_ASKPASS_REQUIRE", None)
    return {**env, **(extra or {})}


def git_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """For git commands: never a prompt, a pager or an editor, messages in English, and no lock taken for a mere look."""
    env = scrubbed_env()
    env.pop("LANGUAGE", None)  # outranks LC_ALL
    return {
        **env,
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",  # `git status` would refresh the index under index.lock, in the way of the person's own commands
        "GIT_EDITOR": ":",  # git knows `:` and starts nothing
        "GIT_SEQUENCE_EDITOR": ":",
        **(extra or {}),
    }


def agent_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """For agents and the repository's commands: the person's keys and PATH, but no GitHub token; publishing is Locus' work.

    Below LOCUS_WORKTREE git finds no repository but the worktree's: without its `.git` file that would be the person's own checkout.
    """
    env = {name: value for name, value in scrubbed_env().items() if name not in _GITHUB_TOKENS}
    if extra is not None and "LOCUS_WORKTREE" in extra:
        above = str(Path(extra["LOCUS_WORKTREE"]).parent)
        env["GIT_CEILING_DIRECTORIES"] = os.pathsep.join(filter(None, (above, env.get("GIT_CEILING_DIRECTORIES"))))
    return {**env, **(extra or {})}


def _is_the_persons(name: str, value: str) -> bool:
    if name in _DROPPED or name.startswith(_DROPPED_PREFIXES):
        return False
    if name in _HELPERS and any(part in value.replace("\\", "/").lower() for part in _EDITOR_PATHS):
        return False
    return not name.startswith("GIT_") or name in _KEPT_GIT or name.startswith(_KEPT_GIT_PREFIXES)
