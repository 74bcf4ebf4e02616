"""Tasks kept on GitHub, through the `gh` CLI."""

from locus.tracker.github.keeper import GitHubTracker

__all__ = ["GitHubTracker"]
