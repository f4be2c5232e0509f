"""What a deployment uploads, and its digest: equal digests, equal code."""

import hashlib
import subprocess
from pathlib import Path

from scripts.deploy import commands


def files(source: Path) -> list[str]:
    """Paths below `source`, as gcloud itself lists them."""
    listed = subprocess.run(  # noqa: S603 - our own arguments
        commands.source_files(source), capture_output=True, text=True, check=True
    )
    return sorted(listed.stdout.splitlines())


def digest(source: Path, names: list[str]) -> str:
    """A label's value: at most 63 lower-case letters, digits and dashes. Names and contents count, times do not."""
    whole = hashlib.sha256(commands.RUNTIME.encode())
    for name in names:
        content = (source / name).read_bytes()
        whole.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:40]
