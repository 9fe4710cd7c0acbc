"""Making repositories in a temporary folder."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

QUIET = {
    **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """The folder, with these files in it."""
    for path, content in files.items():
        at = root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def git(root: Path, *words: str, stdin: str = "") -> str:
    """What the git command says; only tests use it, to make repositories and as an oracle."""
    command = ["git", "-C", str(root), *words]
    done = subprocess.run(
        command, env=QUIET, input=stdin, capture_output=True, text=True, check=False
    )
    return done.stdout


def repository(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A git work tree whose HEAD holds these files."""
    tree(root, files)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", "first")
    return root
