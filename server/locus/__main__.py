"""`locus`: picks the sub-command, and imports nothing before it knows which."""

from __future__ import annotations

import sys

from locus import __version__


def main() -> int:
    arguments = sys.argv[1:]
    match arguments:
        case ["--version"]:
            print(f"locus {__version__}")  # noqa: T201 - the answer itself
            return 0
        case ["--version", "--json"] | ["--json", "--version"]:
            print(f'{{"version": "{__version__}"}}')  # noqa: T201 - the answer itself
            return 0
        case ["lsp", *rest] if not {"-h", "--help"} & set(rest):
            from locus.lsp.main import main as serve

            return serve(rest)
        case ["runner", folder, "--lock-fd", number] if number.isdecimal():
            import gc
            from pathlib import Path

            gc.disable()  # what is imported stays: collecting in between only costs
            from locus.engine.runner import main as execute

            gc.freeze()
            gc.enable()
            return execute(Path(folder), int(number))
        case _:
            from locus.cli.main import main as cli

            return cli(arguments)


if __name__ == "__main__":
    sys.exit(main())
