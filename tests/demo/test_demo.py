"""`make demo` does what it says, and its agent says so when it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.raw_lsp import scrubbed

TESTS = Path(__file__).parents[1]


def python(home: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = scrubbed(home) | {"PYTHONPATH": str(TESTS)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("tracker", ["local", "github"])
def test_the_demonstration_ends_well_and_reads_well(tracker: str, tmp_path: Path) -> None:
    done = python(tmp_path, "-m", "demo", "--tracker", tracker, "--folder", str(tmp_path / "demo"), cwd=TESTS.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "Everything is as it should be." in done.stdout
    assert "not an AI" in done.stdout
    assert "\x1b" not in done.stdout
    seen = "Seen on this GitHub: 5 issues, 5 done, 3 pull requests, 5 comments, 18 labels, 1 milestone."
    assert (seen in done.stdout) is (tracker == "github")
    own = [line for line in done.stdout.splitlines() if str(tmp_path) not in line and sys.prefix not in line]
    assert max(map(len, own)) <= 100


@pytest.mark.agents
@pytest.mark.timeout(300)
def test_with_claude_code_and_no_key_it_says_what_the_model_is(tmp_path: Path) -> None:
    done = python(tmp_path, "-m", "demo", "--agent", "claude", "--folder", str(tmp_path / "demo"), cwd=TESTS.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is as it should be." in done.stdout
    assert "The agent is the real Claude Code. There is no key in the environment" in done.stdout
    assert not (tmp_path / ".claude").exists()
    assert list((tmp_path / "demo/claude/projects").iterdir())  # its sessions


def test_without_claude_code_it_says_how_to_get_it(tmp_path: Path) -> None:
    missing = "import sys; from demo import workers; workers.PINNED = workers.Path('/nowhere'); workers.shutil.which = lambda _: None; "
    missing += "from demo.__main__ import main; sys.exit(main())"
    done = python(tmp_path, "-c", missing, "--agent", "claude", "--folder", str(tmp_path / "demo"), cwd=TESTS.parent)
    assert (done.returncode, "npm install -g @anthropic-ai/claude-code" in done.stdout) == (1, True)


def test_a_false_claim_fails_the_demonstration(tmp_path: Path) -> None:
    """Here the agent cannot do its work: the story's first issue has no sentence that it knows."""
    spoiled = "import sys; from demo import story; story.SELECTED_LINES = ('def alive', 'return not'); from demo.__main__ import main; "
    spoiled += "story.FROM_SELECTION = story.Wish('Nothing to do', 'Nothing that a script knows.', 'chore'); sys.exit(main())"
    done = python(tmp_path, "-c", spoiled, "--folder", str(tmp_path / "demo"), cwd=TESTS.parent)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NO   both runs are done" in done.stdout
    assert "the issue has no sentence that this scr" in done.stdout  # the line is cut at the page


def agent(tmp_path: Path, *sentences: str) -> subprocess.CompletedProcess[str]:
    prompt = tmp_path / "prompt.md"
    issue = "\n".join(f"- {sentence}" for sentence in sentences)
    prompt.write_text(f"# Task #1\n\n## The issue (data)\n\n```\nTitle: A title\n\n{issue}\n```\n\nMore.\n", encoding="utf-8")
    return python(tmp_path, str(TESTS / "demo/agent.py"), str(prompt), cwd=tmp_path)


def test_the_agent_edits_what_the_issue_says(tmp_path: Path) -> None:
    done = agent(
        tmp_path,
        "Create `server/pages.py`: Pages.",
        "In `server/pages.py` write the function `twice(x: int) -> int`, which returns `x * 2`: Doubles.",
        "In `test_pages.py` test `twice` of `pages`: `twice(4)` is `8`.",
        "In `notes.md` add the line: Pages are doubled.",
    )
    assert done.returncode == 0, done.stderr
    assert "    return x * 2\n" in (tmp_path / "server/pages.py").read_text(encoding="utf-8")
    assert "assert twice(4) == 8" in (tmp_path / "test_pages.py").read_text(encoding="utf-8")
    assert (tmp_path / "notes.md").read_text(encoding="utf-8") == "Pages are doubled.\n"


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Make everything better.", "no sentence that this script knows"),
        ("In `gone.py` document `f`: Something.", "there is no gone.py"),
        ("In `test_gone.py` test `f` of `gone`: `f()` is `1`.", "there is no server/gone.py"),
    ],
)
def test_the_agent_fails_and_says_why(sentence: str, words: str, tmp_path: Path) -> None:
    done = agent(tmp_path, sentence)
    assert done.returncode == 1
    assert words in done.stderr
