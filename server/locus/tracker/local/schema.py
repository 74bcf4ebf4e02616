"""The tables of locus.db, as numbered steps: step N brings a database from `user_version` N-1 to N. A released step never changes."""

from __future__ import annotations

APPLICATION_ID = 0x4C6F6375
"""`Locu` in ASCII; stands in the file's header."""

_V1 = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    """CREATE TABLE numbers (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('issue', 'pull'))
    ) STRICT""",
    """CREATE TABLE sprints (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        slug TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
        due TEXT,
        description TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE issues (
        number INTEGER PRIMARY KEY REFERENCES numbers,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        assignee TEXT,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
        closed_reason TEXT CHECK (closed_reason IN ('completed', 'not_planned')),
        sprint INTEGER REFERENCES sprints,
        request TEXT UNIQUE,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX issues_by_sprint ON issues (sprint)",
    """CREATE TABLE labels (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        color TEXT NOT NULL,
        description TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE issue_labels (
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
        label TEXT NOT NULL COLLATE NOCASE REFERENCES labels ON UPDATE CASCADE ON DELETE CASCADE,
        PRIMARY KEY (issue, label)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE comments (
        id INTEGER PRIMARY KEY,
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
        author TEXT NOT NULL,
        body TEXT NOT NULL,
        marker TEXT,
        created_at TEXT NOT NULL,
        UNIQUE (issue, marker)
    ) STRICT""",
    """CREATE TABLE pulls (
        number INTEGER PRIMARY KEY REFERENCES numbers,
        branch TEXT NOT NULL,
        base TEXT NOT NULL,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'merged', 'closed')),
        draft INTEGER NOT NULL DEFAULT 0 CHECK (draft IN (0, 1)),
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_pull ON pulls (branch, base) WHERE state = 'open'",
    """CREATE TABLE pull_closes (
        issue INTEGER NOT NULL,
        pull INTEGER NOT NULL REFERENCES pulls ON DELETE CASCADE,
        PRIMARY KEY (issue, pull)
    ) STRICT, WITHOUT ROWID""",
)

STEPS: tuple[tuple[str, ...], ...] = (_V1,)
