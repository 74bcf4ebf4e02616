"""The file behind a URI, and its text."""

from __future__ import annotations

import codecs
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from locus.errors import InvalidArguments

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def path_of(uri: str) -> Path | None:
    """None for what is no file on this machine: an untitled buffer, a remote file."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    # A Windows share has its host before the path; elsewhere the host is this machine. Windows is untested.
    path = url2pathname(f"//{parts.netloc}{parts.path}" if parts.netloc not in ("", "localhost") else parts.path)
    return Path(path) if path else None


def name_of(uri: str) -> str:
    """What a person calls it: the last part of its path."""
    return unquote(uri.partition(":")[2].rstrip("/").rpartition("/")[2]) or uri


def read_text(path: Path) -> str:
    """Bytes that are no text become U+FFFD. Raises InvalidArguments when there is no such file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidArguments(f"uri: {path.name} cannot be read: {error.strerror}", "save the file, or open it in the editor") from error
    return decode(data)


def decode(data: bytes) -> str:
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, "replace")
