"""Tasks kept on GitHub, through the `gh` CLI. Where they are kept otherwise, only the finding out is imported: `place`, `forks`, `gh`."""
