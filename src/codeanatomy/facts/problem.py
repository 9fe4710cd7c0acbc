"""Problem codes: what can be wrong with an input, in one visible table."""

import msgspec


class ProblemCode(msgspec.Struct, frozen=True):
    """A kind of trouble: its code, how bad it is, and what it means for the graph."""

    code: str
    severity: str
    meaning: str


PROBLEMS = (
    ProblemCode(
        "syntax-error", "error", "ast refused the file; tree-sitter's healthy parts are used"
    ),
    ProblemCode("syntax-region", "warning", "a region that tree-sitter could not read"),
    ProblemCode(
        "decode-error", "error", "bytes that the declared or default encoding cannot decode"
    ),
    ProblemCode(
        "encoding-unknown", "error", "the file declares an encoding that Python does not know"
    ),
    ProblemCode("nul-byte", "error", "the file contains a NUL byte"),
    ProblemCode("too-deep", "error", "nesting beyond what the parser or the walker can take"),
    ProblemCode("too-long", "error", "the file took longer than its time limit"),
    ProblemCode("too-large", "error", "the file needed more than its memory limit"),
    ProblemCode("worker-killed", "error", "the file killed the worker that read it"),
    ProblemCode("witness-failed", "error", "an extractor failed on the file; its rows are missing"),
    ProblemCode("unreadable", "error", "the file could not be read"),
    ProblemCode("link-loop", "warning", "a symbolic link that leads back to a folder above it"),
    ProblemCode(
        "module-twice", "warning", "another file has the same module name; named by its path"
    ),
    ProblemCode(
        "id-collision", "warning", "two nodes had the same id; the later one was mixed again"
    ),
    ProblemCode("string-warning", "info", "the parser warned about the file"),
)
CODES = {p.code: p for p in PROBLEMS}
