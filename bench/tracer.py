"""Runs pytest in this process and writes which function called which: `tracer.py OUT FOLDER ARGS`.

Only frames whose code lies in FOLDER count. Standard library alone, so that it runs in the
environment of the traced package. A generator's or coroutine's call is where it was made, not where
it is resumed: CPython 3.11 gives no event there, so tracemalloc is asked where it was allocated.
"""

import dis
import gc
import inspect
import json
import os
import sys
import threading
import tracemalloc
from collections import Counter
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType

import pytest

LAZY = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
FRAMES = (
    (GeneratorType, "gi_frame"),
    (CoroutineType, "cr_frame"),
    (AsyncGeneratorType, "ag_frame"),
)
INLINE = (
    "<genexpr>",
    "<listcomp>",
    "<setcomp>",
    "<dictcomp>",
    "<module>",
)  # belong to what is around
LOOKS = 12  # allocations asked for by pair of code that resumes and code that is resumed
Place = tuple[CodeType, int]  # code, index of the instruction


class Tracer:
    """Calls inside the folder by the caller's instruction, and where lazy things were made."""

    def __init__(self, folder: str) -> None:
        self.folder = folder + os.sep
        self.calls: dict[tuple[CodeType, int, CodeType], int] = {}
        self.made: set[tuple[str, int, CodeType]] = set()
        self.looks: Counter[tuple[CodeType, CodeType]] = Counter()

    def event(self, frame: FrameType, event: str, argument: object) -> None:
        """For `sys.setprofile`."""
        code = frame.f_code
        if (
            event != "call"
            or code.co_name in INLINE
            or not code.co_filename.startswith(self.folder)
        ):
            return
        back = frame.f_back
        if code.co_flags & LAZY:
            if frame.f_lasti < 8 and back:
                self.first_resumed(frame, back)
        elif back and back.f_code.co_filename.startswith(self.folder):
            key = (back.f_code, back.f_lasti, code)
            self.calls[key] = self.calls.get(key, 0) + 1

    def first_resumed(self, frame: FrameType, back: FrameType) -> None:
        """Remembers where the generator or coroutine that runs the frame was made."""
        pair = (back.f_code, frame.f_code)
        self.looks[pair] += 1
        if self.looks[pair] > LOOKS:
            return
        for thing in gc.get_objects():
            for kind, attribute in FRAMES:
                if type(thing) is kind and getattr(thing, attribute) is frame:
                    trace = tracemalloc.get_object_traceback(thing)
                    if trace and trace[0].filename.startswith(self.folder):
                        self.made.add((trace[0].filename, trace[0].lineno, frame.f_code))
                    return


def described(code: CodeType) -> list[object]:
    """File, first line and name of a code object."""
    return [code.co_filename, code.co_firstlineno, code.co_qualname]


def main() -> int:
    """Traces pytest; its own exit code."""
    out, folder, *arguments = sys.argv[1:]
    tracer = Tracer(os.path.realpath(folder))
    tracemalloc.start(1)
    threading.setprofile(tracer.event)
    sys.setprofile(tracer.event)
    code = pytest.main(arguments)
    sys.setprofile(None)
    calls = []
    for (caller, at, callee), count in tracer.calls.items():
        place = list(caller.co_positions())[at // 2] if at >= 0 else (None,) * 4
        while at > 0 and caller.co_code[at] == dis.opmap["CACHE"]:
            at -= 2
        name = dis.opname[caller.co_code[at]] if at >= 0 else ""
        calls.append([described(caller), place, name, described(callee), count])
    made = [[*place, described(code)] for *place, code in tracer.made]
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"calls": calls, "made": made}, file)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
