"""The only room that starts a process: argv lists, an environment without foreign leftovers, pipes drained, whole groups ended.

`run` is for tools (git, gh): a result in memory. `supervise` is for agents and the repository's commands: a stream of lines, and nothing
left afterwards whatever happens to us; the runner calls `adopt_orphans` and `mark_children` once for that, and goes on inside `forking`.
`launch` is for the runner: nobody's child.
Linux is tested; macOS and Windows are written for and untested.
"""

from locus.process.alive import is_there
from locus.process.environment import agent_env, git_env, scrubbed_env
from locus.process.forking import end_forking, forking
from locus.process.launching import launch
from locus.process.orphans import adopt_orphans, end_leftovers, leftovers, mark_children, runs_at_work, sweep_orphans
from locus.process.output import Lines, Stream
from locus.process.running import Completed, run, run_sync
from locus.process.supervision import Supervised, supervise

__all__ = [
    "Completed",
    "Lines",
    "Stream",
    "Supervised",
    "adopt_orphans",
    "agent_env",
    "end_forking",
    "end_leftovers",
    "forking",
    "git_env",
    "is_there",
    "launch",
    "leftovers",
    "mark_children",
    "run",
    "run_sync",
    "runs_at_work",
    "scrubbed_env",
    "supervise",
    "sweep_orphans",
]
