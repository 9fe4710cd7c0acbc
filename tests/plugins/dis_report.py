"""What `dis` says of the code of files, as JSON; runs in any CPython, with nothing of ours.

`python dis_report.py MODULE.py...`, of its standard library, prints [opcode tables, code objects].
"""

import dis
import json
import os
import sys
import warnings
from types import CodeType

TABLES = ("opname", "hasjrel", "hasconst", "HAVE_ARGUMENT")


def tables() -> dict[str, object]:
    found = {name: getattr(dis, name) for name in TABLES}
    return found | ({"hasarg": dis.hasarg} if hasattr(dis, "hasarg") else {})


def told(code: CodeType) -> list[dict[str, object]]:
    """A code object and those in it, each after the one around it."""
    rows = []
    for i in dis.get_instructions(code):
        where = i.positions
        place = (where.lineno, where.col_offset, where.end_lineno, where.end_col_offset)
        target = i.argval if i.opcode in dis.hasjrel else None
        rows.append([i.offset, i.opname, i.arg, *place, target])
    caught = [
        [e.start, e.end, e.target, e.depth, e.lasti] for e in dis._parse_exception_table(code)
    ]
    found = [
        {
            "code": code.co_code.hex(),
            "linetable": code.co_linetable.hex(),
            "exceptiontable": code.co_exceptiontable.hex(),
            "first": code.co_firstlineno,
            "instructions": rows,
            "caught": caught,
        }
    ]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += told(constant)
    return found


def report(paths: list[str]) -> list[dict[str, object]]:
    """The code objects of those files that the compiler takes."""
    found: list[dict[str, object]] = []
    for path in paths:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found += told(compile(file.read(), path, "exec", dont_inherit=True))
            except (SyntaxError, ValueError):
                continue
    return found


if __name__ == "__main__":
    library = os.path.dirname(dis.__file__)
    json.dump([tables(), report([os.path.join(library, p) for p in sys.argv[1:]])], sys.stdout)
