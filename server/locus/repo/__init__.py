"""Git: the repository's facts, worktrees, snapshots, drift. Nothing outside this room runs or imports git."""
