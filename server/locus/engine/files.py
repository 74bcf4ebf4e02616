"""Writing whole files so that a reader, or a crash, sees the old or the new one and never half of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from locus.errors import LocusError


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """`durable` waits for the disk; what can be made again does without."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LocusError(f"cannot write {path}: {error.strerror}", "free some space or make the folder writable") from error


def link_once(path: Path, data: bytes) -> bool:
    """Creates `path` with `data` unless it exists; False when somebody was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}")
    temporary.write_bytes(data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "surrogatepass") + b"\n"
