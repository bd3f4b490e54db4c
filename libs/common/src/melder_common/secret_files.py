"""Writing key files so that they are never half there and never readable by others."""

import os
from pathlib import Path


def write_secret(path: Path, content: bytes) -> None:
    """Create ``path`` readable by its owner only. Raises FileExistsError."""
    _write_new(path, content, mode=0o600, directory_mode=0o700)


def write_public(path: Path, content: bytes) -> None:
    """Create ``path`` readable by everybody. Raises FileExistsError."""
    _write_new(path, content, mode=0o644, directory_mode=0o755)


def _write_new(path: Path, content: bytes, *, mode: int, directory_mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=directory_mode)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    finally:
        unfinished.unlink()
