"""How is a SCIP index made? By scip-python (npm package @sourcegraph/scip-python), in a process
that is given a copy of the scanned files and nothing else of the repository.

Left alone it would run `python3`, `pip` and `git` in the folder it reads, and look there and above
for configuration: so its PATH has nothing but `node`, and all that it looks for is given to it.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from codeanatomy.sources.reading import as_scanned, head

SECONDS = 1800
MIB = 4096  # of its heap


def make(repo: Path, files: pa.Table, roots: Sequence[str], folder: Path) -> tuple[Path, str]:
    """Where scip-python writes the index, in an empty folder, and what went wrong. It writes file
    by file, and stops at one that it cannot take."""
    tree, home, index = folder / "tree", folder / "home", folder / "index.scip"
    tool, node = (Path(shutil.which(name) or repo) for name in ("scip-python", "node"))
    if any(one.resolve().is_relative_to(repo.resolve()) for one in (tool, node)):
        return index, (
            "scip-python and node must be on the PATH, outside of the repository: `npm install -g "
            "@sourcegraph/scip-python`; or give an index with --scip FILE"
        )
    tree.mkdir()
    home.mkdir()
    (home / "node").symlink_to(node.resolve())
    (home / "packages").write_text("[]")
    columns = (files[name].to_pylist() for name in ("path", "size", "content"))
    for path, *scanned in zip(*columns, strict=True):
        try:
            known = as_scanned(repo / path, *scanned)
        except OSError:
            continue  # it changed since, as its document says if there is one
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(known)
    extra = {"extraPaths": [root for root in roots if root]}
    (tree / "pyrightconfig.json").write_text(json.dumps(extra))
    command = [tool.absolute(), "index", "--quiet", "--project-name", ".", "--project-version", "."]
    command += ["--environment", home / "packages", "--output", index]
    env = dict.fromkeys(("PATH", "HOME", "TMPDIR"), str(home))
    env["NODE_OPTIONS"] = f"--max-old-space-size={MIB}"
    try:
        with open(folder / "log", "wb") as log, open(os.devnull, "r+b") as null:
            wait = partial(subprocess.run, cwd=tree, env=env, timeout=SECONDS, check=False)
            code = wait(command, stdin=null, stdout=null, stderr=log).returncode
        said = " ".join(head(folder / "log", 2000).decode("utf-8", "replace").split())
        wrong = f"ended with code {code}: {said.replace(f'{tree}/', '')[:500]}" if code else ""
    except subprocess.TimeoutExpired:
        wrong = f"was stopped after {SECONDS:,} seconds"
    except OSError as error:
        wrong = f"could not be started: {error.strerror}"
    return index, wrong and f"scip-python {wrong}; what it had written by then is used"
