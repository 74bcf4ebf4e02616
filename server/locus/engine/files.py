"""Writing whole files so that a reader, or a crash, sees the old or the new one and never half of it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from locus.errors import LocusError


def write_atomically(path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
    """`durable` waits for the disk; what can be made again does without. What is `private` nobody else on this machine may read."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb", opener=_for_us if private else None) as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise _unwritten(path, error) from error


def link_once(path: Path, data: bytes) -> bool:
    """Creates `path` with `data` unless it exists; False when somebody was first."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        with suppress(FileExistsError):
            os.link(temporary, path)
            return True
        return False
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _unwritten(path: Path, error: OSError) -> LocusError:
    return LocusError(f"cannot write {path}: {error.strerror}", "free some space or make the folder writable")


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "surrogatepass") + b"\n"
