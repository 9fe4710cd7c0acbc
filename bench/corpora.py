"""Public source distributions to measure on: pinned, checked, fetched with pip."""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
FOLDER = HERE / ".corpora"


class Corpus(NamedTuple):
    """A source distribution: its name on the index, version, and the archive's sha256."""

    name: str
    version: str
    sha256: str

    @property
    def folder(self) -> Path:
        """Where it lies unpacked."""
        return FOLDER / f"{self.name}-{self.version}"


CORPORA = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "django", "5.2.19", "ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1"
        ),
        Corpus(
            "requests", "2.32.5", "dbba0bac56e100853db0ea71b82b4dfd5fe2bf6d3754a8893c3af500cec7d7cf"
        ),
        Corpus(
            "flask", "3.1.3", "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb"
        ),
        Corpus(
            "click", "8.5.1", "9bbfada76703fd1d784b83eea012e3e8c6a001a876543ef104fa56aaaeb072b4"
        ),
        Corpus(
            "rich", "15.0.0", "edd07a4824c6b40189fb7ac9bc4c52536e9780fbbfbddf6f1e2502c31b068c36"
        ),
        Corpus("pycg", "0.0.8", "644b4df4346b393ca29450223da12598a6e6ad51fcfb1c218330b774f643a6c1"),
    )
}


def fetch(name: str) -> Path:
    """Folder of the unpacked corpus; fetched, checked and unpacked when it is not there yet."""
    corpus = CORPORA[name]
    if not corpus.folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
            archive = _download(corpus, Path(scratch))
            _unpack(archive, Path(scratch) / "tree")
            inside = [path for path in (Path(scratch) / "tree").iterdir() if path.is_dir()]
            if len(inside) != 1:
                raise SystemExit(f"{archive.name}: expected one folder, found {len(inside)}")
            inside[0].rename(corpus.folder)
    return corpus.folder


def _download(corpus: Corpus, folder: Path) -> Path:
    """The archive; pip itself refuses one with another hash, before it reads anything of it."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{corpus.name}=={corpus.version} --hash=sha256:{corpus.sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-binary", corpus.name, "--dest", str(folder)]
    subprocess.run([*pip, *options, "--requirement", str(wanted)], check=True)
    (archive,) = folder.glob("*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != corpus.sha256:
        raise SystemExit(f"{archive.name}: sha256 is {found}, not {corpus.sha256}")
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    """Unpacks regular files only, and none outside the folder."""
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            target = (folder / member.name).resolve()
            if content is not None and target.is_relative_to(folder.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


def main() -> None:
    """Fetches the named corpora (all without a name) and prints their folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all of " + ", ".join(CORPORA))
    for name in parser.parse_args().names or CORPORA:
        print(fetch(name))


if __name__ == "__main__":
    main()
