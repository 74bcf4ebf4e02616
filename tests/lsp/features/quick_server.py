"""The language server, which looks for changed tasks three times a second and tries again at once. Run as a program, as `locus` is."""

from __future__ import annotations

import sys

from locus.__main__ import main
from locus.lsp.features import tracker_refresh
from locus.tracker.github import client

if __name__ == "__main__":
    tracker_refresh.EVERY = 0.3
    client._BACK_OFF = (0.05, 0.05, 0.05)
    sys.exit(main())
