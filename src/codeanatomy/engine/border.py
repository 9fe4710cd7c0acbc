"""The engine's one error border: what DataFusion, Delta and Arrow raise becomes an EngineError.

Their errors are untyped (planning: ValueError; execution: a bare Exception with text), so they are
told apart by their text, here and nowhere else.
"""

import contextlib
import re
from collections.abc import Iterator

from codeanatomy.facts.errors import CodeAnatomyError, EngineError

# first match wins: what is wrong -> what the text contains
CLASSES = {
    "out of memory": r"Resources exhausted|memory limit|MemoryError|malloc .*failed",
    "the disk is full": r"No space left on device|Disk quota|max_temp_directory_size",
    "no permission": r"Permission denied|Read-only file system",
    "another process wrote the table": r"CommitFailed|Commit conflict|conflicting",
    "schemas differ": r"SchemaMismatch|Schema error|schema mismatch",
    "the SQL cannot be parsed": r"ParserError|SQL error",
    "the plan cannot be made": r"Error during planning|Invalid function|not found",
    "the engine failed inside": r"Optimizer rule|Internal error|panicked",
    "a value cannot be computed": r"Arrow error|Cast error|Invalid argument|overflow",
}
REMEDIES = {  # of the rest: "report this"
    "out of memory": "give it more memory or lower datafusion.execution.target_partitions",
    "the disk is full": "free space or set datafusion.runtime.temp_directory to a larger disk",
    "no permission": "check the folder's permissions",
    "another process wrote the table": "run it again",
    "the SQL cannot be parsed": "correct the statement",
    "the plan cannot be made": "check the names",
}
MOST = 500  # characters of the error's own text
_FRAME = re.compile(r"\d+: ")


@contextlib.contextmanager
def engine_errors(task: str) -> Iterator[None]:
    """Inside, every error of the engine becomes an EngineError that names the task."""
    try:
        yield
    except (CodeAnatomyError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # the border: errors below are untyped, panics no Exception
        text = f"{type(error).__name__}: {error}"
        known = (what for what, pattern in CLASSES.items() if re.search(pattern, text))
        what = next(known, "the engine failed")
        lines = [line.strip() for line in str(error).splitlines()]  # some append their stack
        own = [line for line in lines if line not in ("", "caused by") and not _FRAME.match(line)]
        said = " | ".join(own)[:MOST] or type(error).__name__
        raise EngineError(f"{task}: {what}; {REMEDIES.get(what, 'report this')}: {said}") from error
