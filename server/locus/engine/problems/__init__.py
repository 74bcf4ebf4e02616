"""From a command's output to the problems it names. Pure: text in, problems out; `parsers` has one reader per tool."""

from locus.engine.problems.placing import folder_of, placed, unplaced
from locus.engine.problems.reading import Understood, guess, understand

__all__ = ["Understood", "folder_of", "guess", "placed", "understand", "unplaced"]
