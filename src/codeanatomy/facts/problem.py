"""Problem codes: what can be wrong with an input, in one visible table."""

import msgspec


class ProblemCode(msgspec.Struct, frozen=True):
    """A kind of trouble: its code, how bad it is, and what it means for the graph."""

    code: str
    severity: str
    meaning: str


_ROWS = (
    ("syntax-error", "error", "ast refused the file; tree-sitter's healthy parts are used"),
    ("compile-error", "error", "the compiler refused what the parser read; it has no bytecode"),
    ("syntax-region", "warning", "a region that tree-sitter could not read"),
    ("decode-error", "error", "bytes that the declared or default encoding cannot decode"),
    ("encoding-unknown", "error", "the file declares an encoding that Python does not know"),
    ("nul-byte", "error", "the file contains a NUL byte"),
    ("too-deep", "error", "nesting beyond what the parser or the walker can take"),
    ("too-long", "error", "the file took longer than its time limit"),
    ("too-large", "error", "the file needed more than its memory limit"),
    ("worker-killed", "error", "the file killed the worker that read it"),
    ("witness-failed", "error", "an extractor failed on the file; its rows are missing"),
    ("plugin-failed", "error", "an installed plug-in could not be loaded; it says nothing"),
    ("tool-missing", "error", "a program that a witness needs is not installed"),
    ("tool-failed", "error", "another tool, or what it wrote, failed a witness, wholly or in part"),
    ("tool-skipped", "warning", "what another tool says is of no scanned file or text"),
    ("tool-diagnostic", "info", "what another tool says of the file"),
    ("unreadable", "error", "the file could not be read"),
    ("link-loop", "warning", "a symbolic link that leads back to a folder above it"),
    ("module-twice", "warning", "another file has the same module name; named by its path"),
    ("scope-conflict", "warning", "the interpreter's symbol tables say other than our scope rules"),
    ("string-warning", "info", "the parser warned about the file"),
)
CODES = {row[0]: ProblemCode(*row) for row in _ROWS}
