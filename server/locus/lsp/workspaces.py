"""The folders of a window and the repositories they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locus.anchors.files import name_of, path_of
from locus.errors import InvalidArguments, LocusError, Refused
from locus.workspace import Workspace


@dataclass(frozen=True)
class Folder:
    """One folder of the window; without a workspace there is no repository, and `problem` says so."""

    uri: str
    path: Path | None
    workspace: Workspace | None
    problem: LocusError | None = None


class Workspaces:
    """Folders of one checkout share their Workspace."""

    def __init__(self, *, trusted: bool) -> None:
        self.trusted = trusted
        self._folders: dict[str, Folder] = {}

    @property
    def folders(self) -> list[Folder]:
        return list(self._folders.values())

    @property
    def all(self) -> list[Workspace]:
        """Each checkout once."""
        return list({id(folder.workspace): folder.workspace for folder in self.folders if folder.workspace is not None}.values())

    @property
    def off(self) -> str | None:
        """Why nothing can be done in this window; None when something can."""
        if self.all:
            return None
        return next((folder.problem.message for folder in self.folders if folder.problem), "no folder is open")

    def open(self, uris: Iterable[str], settings: Callable[[str], dict[str, Any]]) -> None:
        """Makes these the window's folders; reads the disk. Folders that stay keep their workspace."""
        opened: dict[str, Folder] = {}
        for uri in uris:
            known = self._folders.get(uri)
            opened[uri] = known if known is not None and known.workspace is not None else self._opened(uri, settings(uri), opened.values())
        self._folders = opened  # at once: other threads see the window as it was, or as it is

    def resolve(self, folder: str | None, uri: str | None) -> Workspace:
        """The workspace that is meant.

        Raises InvalidArguments that lists the choices when several would do, Refused where there is no repository.
        """
        if folder is not None:
            return _required(self._named(folder))
        around = self._around(uri) if uri is not None else None
        if around is not None:
            return _required(around)
        match self.all:
            case [only]:
                return only
            case []:
                problem = next((each.problem for each in self.folders if each.problem), None)
                raise problem or Refused("no folder is open", "open a folder that is a git repository")
            case _:
                raise InvalidArguments("folder: several would do", f"give one of {self._choices()}")

    def _opened(self, uri: str, settings: dict[str, Any], beside: Iterable[Folder]) -> Folder:
        path = path_of(uri)
        if path is None:
            return Folder(uri, None, None, Refused(f"{name_of(uri)} is not a folder on this machine", "open it where its files are"))
        try:
            workspace = Workspace(path, editor=settings, trusted=self.trusted, mirrored=True)
        except LocusError as error:
            return Folder(uri, path, None, error)
        except OSError as error:
            return Folder(uri, path, None, Refused(f"{path} cannot be looked at: {error.strerror}", "make the folder readable"))
        known = (folder.workspace for folder in (*beside, *self.folders) if folder.workspace is not None)
        same = next((other for other in known if other.root == workspace.root and other.state == workspace.state), None)
        return Folder(uri, path, same or workspace)

    def _named(self, uri: str) -> Folder:
        """The folder with this URI, or the one whose main checkout has it, or the innermost around it."""
        if uri in self._folders:
            return self._folders[uri]
        path = _real(uri)
        for folder in self.folders:
            if folder.workspace is not None and path is not None and path in (folder.workspace.repo.main, folder.workspace.root):
                return folder
        if (around := self._around(uri)) is not None:
            return around
        raise InvalidArguments(f"folder: {uri} is not open", f"give one of {self._choices()}")

    def _around(self, uri: str) -> Folder | None:
        path = _real(uri)
        if path is None:
            return None
        around = [folder for folder in self.folders if folder.path is not None and path.is_relative_to(folder.path.resolve())]
        return max(around, key=lambda folder: len(str(folder.path)), default=None)

    def _choices(self) -> str:
        return ", ".join(folder.uri for folder in self.folders if folder.workspace is not None) or "none: no folder has a repository"


def _real(uri: str) -> Path | None:
    path = path_of(uri)
    return path.resolve() if path is not None else None


def _required(folder: Folder) -> Workspace:
    if folder.workspace is None:
        raise folder.problem or Refused(f"{folder.uri} has no repository")
    return folder.workspace
