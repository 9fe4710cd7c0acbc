"""What Jedi's goto says of names and attributes: `gotos.py ROOT PATHS FILE OUT`, in its own venv.

FILE: {path: [[line, column], ...]}, lines from 1, columns in characters; PATHS: source roots,
joined by `:`. OUT: a list of [path, line, column, targets]; a target is [path, line, column, type],
line null for a module. Imports are followed.
"""

import json
import sys
from pathlib import Path

import jedi

TRIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError)
TRIPS = (*TRIPS, ValueError, jedi.InternalError)


def main() -> None:
    """Writes the answers, file by file."""
    root, paths, asked, out = Path(sys.argv[1]), sys.argv[2].split(":"), *map(Path, sys.argv[3:])
    project = jedi.Project(root, added_sys_path=paths, smart_sys_path=False)
    answers = []
    for path, places in json.loads(asked.read_text()).items():
        script = jedi.Script(path=root / path, project=project)
        for line, column in places:
            try:
                found = script.goto(line, column, follow_imports=True)
                targets = [target(name, root) for name in found]
            except TRIPS as error:  # no answer of Jedi's
                print(f"{path}:{line}: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            answers.append([path, line, column, targets])
    out.write_text(json.dumps(answers))


def target(name: jedi.api.classes.Name, root: Path) -> list[object]:
    """A definition: path relative to the repository (null outside of it), place, and type."""
    path = name.module_path
    inside = path is not None and path.is_relative_to(root)
    return [
        path.relative_to(root).as_posix() if inside else None,
        name.line,
        name.column,
        name.type,
    ]


if __name__ == "__main__":
    main()
