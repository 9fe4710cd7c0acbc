"""Public distributions to measure on: pinned, checked, fetched with pip, never committed."""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
FOLDER = HERE / ".corpora"


class Corpus(NamedTuple):
    """A source distribution, or a wheel: name on the index, version, the archive's sha256."""

    name: str
    version: str
    sha256: str
    wheel: bool = False  # of CPython 3.11 on Linux; pip runs no code of it to fetch it

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
        Corpus(
            "sqlparse", "0.6.1", "ca722573f848ff2d30e40ea30f53a104b7dea7635ea9285891263eb2c58fb6e7"
        ),
        Corpus(
            "jinja2", "3.1.6", "0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d"
        ),
    )
}
LARGE = {
    name: Corpus(name, version, sha256, wheel=True)
    for name, version, sha256 in (
        (
            "ansible-core",
            "2.19.14",
            "d518d0e96fa75bedfe9b0a96d5b158aa712d092961824c115140c8677b88ff06",
        ),
        ("celery", "5.7.0", "18310a9c919f9029e4735367484d93e6a25cdfd30afdc474622cc263d9b35f6e"),
        (
            "matplotlib",
            "3.11.2",
            "07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
        ),
        ("mypy", "2.4.1", "b69a15fc2e75858d6b15e91ed3a0dcff1a533265183b64734138791fe0f49aa5"),
        ("networkx", "3.6.1", "d47fbf302e7d9cbbb9e2555a0d267983d2aa476bac30e90dfbe5669bd57f3762"),
        ("pandas", "3.1.1", "4f1602f614bb83f443381dbcbb94c4ac764b2e50c8d6c965614c5cd83e328c47"),
        (
            "scikit-learn",
            "1.9.1",
            "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
        ),
        ("sqlalchemy", "2.1.9", "3a24b459e52b3ac138f6a05e99a4bd0589443a1ae18041a59c1cfdee12134a2b"),
        ("sympy", "1.14.0", "e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5"),
        ("twisted", "26.10.0", "3732f42af218925a0fe78d6668db55853f7fb532245a89a2669babe7d3000fa8"),
    )
}
WHEEL = [
    *("--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"),
    *("--platform", "any"),
]


def fetch(name: str) -> Path:
    """Folder of the unpacked corpus; fetched, checked and unpacked when it is not there yet."""
    corpus = {**CORPORA, **LARGE}[name]
    if not corpus.folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
            archive = _download(corpus, Path(scratch))
            _unpack(archive, Path(scratch) / "tree")
            inside = [path for path in (Path(scratch) / "tree").iterdir() if path.is_dir()]
            if corpus.wheel:
                inside = [Path(scratch) / "tree"]
            if len(inside) != 1:
                raise SystemExit(f"{archive.name}: expected one folder, found {len(inside)}")
            inside[0].rename(corpus.folder)
    return corpus.folder


def environment(name: str, packages: list[str]) -> Path:
    """The interpreter of a virtual environment with the packages; made when it is not there."""
    folder = FOLDER / f"environment-{name}"
    done = folder / "packages.txt"
    if not done.exists() or done.read_text().split() != packages:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", *packages], check=True)
        done.write_text("\n".join(packages))
    return folder / "bin" / "python"


def _download(corpus: Corpus, folder: Path) -> Path:
    """The archive; pip itself refuses one with another hash, before it reads anything of it."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{corpus.name}=={corpus.version} --hash=sha256:{corpus.sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = WHEEL if corpus.wheel else ["--no-binary", corpus.name]
    into = ["--no-deps", "--dest", str(folder), "--requirement", str(wanted)]
    subprocess.run([*pip, *options, *into], check=True)
    (archive,) = folder.glob("*.whl" if corpus.wheel else "*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != corpus.sha256:
        raise SystemExit(f"{archive.name}: sha256 is {found}, not {corpus.sha256}")
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    """Unpacks regular files only, and none outside the folder."""
    for name, content in _files(archive):
        target = (folder / name).resolve()
        if target.is_relative_to(folder.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _files(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir() and not entry.filename.endswith(".so"):
                    yield entry.filename, wheel.read(entry)
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content.read()


def main() -> None:
    """Fetches the named corpora (without a name all but the large ones), prints their folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = ", ".join([*CORPORA, *LARGE])
    parser.add_argument("names", nargs="*", help=f"default: {', '.join(CORPORA)}; of {known}")
    for name in parser.parse_args().names or CORPORA:
        print(fetch(name))


if __name__ == "__main__":
    main()
