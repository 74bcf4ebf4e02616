"""How much a piece of text has to do with a task: by the words they share, the rare ones counting most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,60}")
_COMMON = re.compile(
    "that|this|with|from|have|will|should|must|when|then|them|they|there|their|which|what|where|into|only|each|also|more|some|than|been|does|make"
    "|made|needs?|wants?|used?|uses|using|works?|after|before|other|about|between|please|return|self|none|true|false|class|function|const|import"
    "|issue|task|files?|lines?|code|tests?"
)
_MOST_WORDS = 400


def words(text: str) -> frozenset[str]:
    """In lower case; a name in parts (`page_size`, `pageSize`) also by its parts."""
    found: dict[str, None] = {}
    for word in _WORD.findall(text[:100_000]):
        for each in (word, *re.findall(r"[a-z]{4,}|[A-Z][a-z]{3,}", word)):
            if not _COMMON.fullmatch(plain := each.lower()):
                found[plain] = None
        if len(found) > _MOST_WORDS:
            break
    return frozenset(found)


def scores(wanted: frozenset[str], texts: Sequence[str]) -> list[float]:
    """For each text the words that it shares with `wanted`, each worth the less the more texts have it."""
    shared = [words(text) & wanted for text in texts]
    spread = Counter(word for each in shared for word in each)
    return [sum(1 / spread[word] for word in each) for each in shared]
