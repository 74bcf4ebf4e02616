"""Every sub-command of `locus`: what it takes, what it is for, who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from locus.cli.spec import Option, Positional, Spec

_ISSUE = Positional("number", "N", "the number of an issue", kind="issue")
_SPRINT = Positional("name", "NAME", "the name of a sprint", most=None, joined=True)
_TYPE = Option("type", "feature, bug, chore, refactor or docs", metavar="TYPE")
_PRIORITY = Option("priority", "critical, high, medium or low", metavar="PRIORITY")
_BODY = Option("body", "the text of the issue", metavar="TEXT")
_BODY_FILE = Option("body-file", "read the text of the issue from FILE; - is standard input", metavar="FILE")

_SPECS = (
    Spec(
        ("init",),
        "set this repository up for Locus",
        "house:init",
        notes="Writes .locus/config.json where there is none and prepares the issue tracker. Doing it again changes nothing.",
    ),
    Spec(
        ("issue", "create"),
        "create an issue",
        "issues:create",
        positionals=(Positional("words", "TITLE", "what is to be done, in a few words", least=0, most=None, joined=True),),
        options=(
            Option("title", "the title, where words will not do", metavar="TITLE"),
            _BODY,
            _BODY_FILE,
            _TYPE,
            _PRIORITY,
            Option("sprint", "put it into this sprint", metavar="NAME"),
            Option("label", "a further label; may be given several times", metavar="LABEL", repeated=True),
            Option("at", "the lines of code it is about", metavar="FILE:START[-END]"),
        ),
        notes="Without a title it is asked for on a terminal; with --at one is proposed from the code.",
        examples=(
            "locus issue create Retry uploads that time out --type bug --priority high",
            "locus issue create --at src/pages.py:10-24",
        ),
    ),
    Spec(
        ("issue", "list"),
        "list issues",
        "issues:listed",
        options=(
            Option("sprint", "those of this sprint, in its order", metavar="NAME"),
            Option("status", "queued, in-progress, in-review, done or failed", metavar="STATUS"),
            Option("state", "open (the default), closed or all", metavar="STATE"),
            Option("limit", "at most N", metavar="N", short="n", kind="number"),
        ),
    ),
    Spec(("issue", "show"), "show one issue", "issues:show", positionals=(_ISSUE,)),
    Spec(
        ("issue", "edit"),
        "change an issue",
        "issues:edit",
        positionals=(_ISSUE,),
        options=(
            Option("title", "a new title", metavar="TITLE"),
            _BODY,
            _BODY_FILE,
            _TYPE,
            _PRIORITY,
            Option("status", "queued, in-progress, in-review, done or failed", metavar="STATUS"),
            Option("sprint", "move it into this sprint", metavar="NAME"),
            Option("order", "its place in the sprint, from 1", metavar="N", kind="number"),
        ),
    ),
    Spec(
        ("issue", "close"),
        "close an issue",
        "issues:close",
        positionals=(_ISSUE,),
        options=(Option("reason", "completed (the default) or not_planned", metavar="REASON"),),
    ),
    Spec(
        ("sprint", "create"),
        "create a sprint",
        "sprints:create",
        positionals=(_SPRINT,),
        options=(
            Option("due", "when it is to be finished, YYYY-MM-DD", metavar="DATE"),
            Option("description", "what it is about", metavar="TEXT"),
            Option(
                "task", "put this issue into it, in the order given; may be given several times", metavar="N", kind="issue", repeated=True
            ),
        ),
        examples=('locus sprint create "Sprint 1" --task 15 --task 16 --task 17',),
    ),
    Spec(
        ("sprint", "list"),
        "list sprints",
        "sprints:listed",
        options=(Option("state", "open (the default), closed or all", metavar="STATE"),),
    ),
    Spec(
        ("sprint", "active"),
        "choose the sprint that `locus run` runs, or say which it is",
        "sprints:active",
        positionals=(Positional("name", "NAME", "the name of a sprint", least=0, most=None, joined=True),),
    ),
    Spec(
        ("sprint", "order"),
        "order the issues of a sprint; issues from elsewhere join it",
        "sprints:order",
        positionals=(
            Positional("name", "NAME", "the name of a sprint (in quotes if it has spaces)"),
            Positional("numbers", "N", "issues, the first to be done first", kind="issue", most=None),
        ),
        examples=('locus sprint order "Sprint 1" 16 15 17',),
    ),
    Spec(("sprint", "show"), "show a sprint and its issues in order", "sprints:show", positionals=(_SPRINT,)),
    Spec(("sprint", "close"), "close a sprint", "sprints:close", positionals=(_SPRINT,)),
    Spec(
        ("run",),
        "run issues, or a sprint, and watch",
        "run:run",
        positionals=(Positional("numbers", "N", "issues to run, each on a branch of its own", kind="issue", least=0, most=None),),
        options=(
            Option("sprint", "run the issues of this sprint in order, on one branch", metavar="NAME"),
            Option("base", "start from: default, head, working-tree, or a branch or commit", metavar="BASE"),
            Option("agent", "the agent that does the work", metavar="NAME"),
            Option("model", "the model the agent is to use", metavar="MODEL"),
            Option("resume", "go on with an unfinished run (the only one there is, unless RUN is given)", metavar="RUN", optional=True),
            Option("dry-run", "show what would be done, and do nothing"),
            Option("show-prompt", "with --dry-run: what each agent would be told, and what takes how much of it"),
            Option("detach", "start it and return at once; `locus logs -f` follows it"),
            Option("trust", "allow every command that this repository's configuration wants to run (for CI)"),
        ),
        notes=(
            "Without issues and --sprint the active sprint is run.\n"
            "Ctrl+C or Esc stops the run and keeps what was done; twice within two seconds ends it at once.\n"
            "Closing the terminal, or SIGTERM, only stops watching: the run goes on.\n"
            "With --json the finished run is printed, and nobody is asked anything.\n"
            "Exit codes: 0 all done, 1 an issue failed, 2 refused, nothing was started, 130 stopped."
        ),
        examples=("locus run 42 43", "locus run --sprint 'Sprint 1'", "locus run 42 --base head", "locus run --resume"),
    ),
    Spec(
        ("stop",),
        "stop a run, keeping what was done",
        "control:stop",
        positionals=(Positional("run", "RUN", "the run; may be left out where only one is going on", least=0),),
        options=(
            Option("task", "stop only this issue", metavar="N", kind="issue"),
            Option("force", "end its agents at once"),
        ),
    ),
    Spec(
        ("answer",),
        "answer a question of a run",
        "control:answer",
        positionals=(
            Positional("run", "RUN", "the run; may be left out where only one asks", least=0),
            Positional("question", "QUESTION", "the question, as `locus status` names it"),
            Positional("option", "OPTION", "the option, by name or number"),
        ),
        options=(
            Option("message", "a word to the agent", metavar="TEXT", short="m"),
            Option("input", "what the agent's tool is to be given instead", metavar="JSON"),
        ),
    ),
    Spec(("status",), "show the active sprint, the issues by status and the runs", "status:status"),
    Spec(
        ("logs",),
        "show what the agents of a run said",
        "logs:logs",
        positionals=(Positional("run", "RUN", "the run; the newest one unless given", least=0),),
        options=(
            Option("follow", "go on showing new lines until the run ends", short="f"),
            Option("task", "only those about this issue", metavar="N", kind="issue"),
            Option("lines", "only the last N lines (all, or 20 with --follow, unless given)", metavar="N", short="n", kind="number"),
        ),
        notes="The newest line comes last. With --json and --follow each line is one JSON object.",
    ),
    Spec(
        ("worktree", "list"),
        "list worktrees and snapshots that are kept, and why",
        "worktrees:listed",
        notes="A snapshot holds everything that stood in a worktree and was not ignored. It can be restored until its time is over.",
    ),
    Spec(
        ("worktree", "restore"),
        "bring a snapshot back",
        "worktrees:restore",
        positionals=(Positional("ref", "SNAPSHOT", "its name, or the end of it, as `locus worktree list` shows it; or a branch of Locus"),),
        options=(Option("path", "write plain files into DIR, new or empty, or into a clean checkout of the same commit", metavar="DIR"),),
        notes=(
            "Without --path it becomes a worktree of its own in .locus/worktrees, at the commit that was\n"
            "checked out then, with everything else as uncommitted changes. `locus worktree clean` removes it."
        ),
        examples=("locus worktree restore 42/1", "locus worktree restore 42/1 --path ../look"),
    ),
    Spec(
        ("worktree", "clean"),
        "remove worktrees that nobody works in; all that is in them is kept as snapshots first",
        "worktrees:clean",
        positionals=(Positional("paths", "PATH", "only this one, by its path or the name of its folder", least=0, most=None),),
        options=(
            Option("older-than", "only those that nobody has used for N days", metavar="N", kind="number"),
            Option("dry-run", "show what would be removed, and do nothing"),
        ),
        notes=(
            "Branches stay, and a run whose worktree was removed can still be resumed. What a run works in\n"
            "stays, and so does what is locked by `git worktree lock`. Without PATH, snapshots go whose time\n"
            "is over (keep.days, keep.maxBytes)."
        ),
    ),
    Spec(
        ("memory", "list"),
        "show what agents have learned about this repository and nobody has decided on",
        "memory:listed",
        notes="Nothing of it is told to later tasks before you have accepted it.",
    ),
    Spec(
        ("memory", "accept"),
        "take what agents have learned into .locus/memory",
        "memory:accept",
        positionals=(Positional("ids", "ID", "only this, as `locus memory list` names it", least=0, most=None),),
    ),
    Spec(
        ("memory", "dismiss"),
        "forget what agents have learned",
        "memory:dismiss",
        positionals=(Positional("ids", "ID", "only this, as `locus memory list` names it", least=0, most=None),),
    ),
    Spec(
        ("tracker", "push"),
        "move the tasks that are kept in this repository to GitHub",
        "tracker:push",
        options=(
            Option("dry-run", "show what would be moved, and do nothing"),
            Option("yes", "do not ask", short="y"),
        ),
        notes=(
            "Shows first what would be created, then asks. Each task becomes an issue in the repository that\n"
            "the remote names, with its status, type, priority, labels, comments and the code it is about;\n"
            "each sprint becomes a milestone. From then on tasks live on GitHub. What is kept here stays as it\n"
            "is, and so does each old number, beside the new one.\n"
            "It goes through the GitHub CLI (gh), which has to be logged in. When it is interrupted, do it\n"
            "again: it goes on where it stopped, and makes nothing twice. While a run is going on it is refused.\n"
            "With --json and without --yes only what would be moved is printed."
        ),
        examples=("locus tracker push --dry-run", "locus tracker push"),
    ),
    Spec(
        ("agents",),
        "list the agents that can do the work, and what is missing",
        "agents:listed",
        notes="Nothing that costs money is asked: whether an agent is logged in is told where its program says so.",
    ),
    Spec(
        ("trust",),
        "show and allow the commands that this repository's configuration wants to run",
        "house:trust",
        positionals=(Positional("hashes", "HASH", "allow the command with this hash; its beginning will do", least=0, most=None),),
        options=(Option("all", "allow all of them"),),
        notes="A command is allowed by its exact text, for this repository, on this machine. When its text changes it is asked for again.",
    ),
    Spec(
        ("doctor",),
        "check that everything is in order",
        "house:doctor",
        notes="Exit code 1 when something is not.",
    ),
    Spec(
        ("lsp",),
        "serve an editor over standard input and output (Language Server Protocol)",
        "",
        options=(
            Option("stdio", "use standard input and output (the only way there is)"),
            Option("clientProcessId", "end when the process with this id ends", metavar="N", kind="number"),
            Option("log-file", "write the log to FILE as well", metavar="FILE"),
            Option("log-level", "debug, info (the default), warning or error", metavar="LEVEL"),
        ),
    ),
    Spec(
        ("help",),
        "show help for a command",
        "",
        positionals=(Positional("words", "COMMAND", "a command, for example `sprint create`", least=0, most=None, joined=True),),
    ),
)

SPECS: Mapping[tuple[str, ...], Spec] = MappingProxyType({spec.words: spec for spec in _SPECS})

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "issue": "create, list, show, edit and close issues",
        "sprint": "make, fill, order and choose sprints",
        "memory": "show, accept and dismiss what agents have learned about this repository",
        "tracker": "where tasks live: move them from this repository to GitHub",
        "worktree": "list, restore and clean what is kept of unfinished work",
    }
)
"""Commands that are followed by another word."""
