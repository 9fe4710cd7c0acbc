"""Extractors that do what a file tells them to; imported by workers, like those of a plug-in."""

import os
import signal
import time
from typing import Annotated

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.extract.witness import Extractor, Source, evidence_schema
from codeanatomy.facts import types as t

PID = os.getpid()


class Word(msgspec.Struct, frozen=True):
    """One row per word of a file."""

    file_id: Annotated[int, t.FILE]
    text: Annotated[str, t.CODED, t.NAME]
    again: Annotated[str | None, t.CODED, t.NAME]
    bstart: Annotated[int, t.BSTART]


class Letter(msgspec.Struct, frozen=True):
    """One row per file: its first letter."""

    file_id: Annotated[int, t.FILE]
    text: Annotated[str | None, t.TEXT]


class Words:
    """Takes files with a tree (or, tolerant, those without) and obeys marks in them."""

    def __init__(self, tolerant: bool = False) -> None:
        self.tolerant = tolerant
        self.rows: list[tuple[int, str, str | None, int]] = []
        self.marks = b""

    def add(self, ordinal: int, source: Source) -> bool:
        if (source.tree is None) != self.tolerant:
            return False
        self.marks += source.content
        obey(source.content, b"TOLERANT" if self.tolerant else b"ADD")
        at = 0
        for word in source.content.decode("latin-1").split():
            at = source.content.index(word.encode("latin-1"), at)
            self.rows.append((ordinal, word, None if len(word) < 3 else word[:2], at))
        return True

    def finish(self) -> dict[str, pa.Table]:
        obey(self.marks, b"FINISH")
        columns = list(zip(*self.rows, strict=True)) if self.rows else [[], [], [], []]
        schema = evidence_schema(Word)
        return {
            "word": pa.table(
                [
                    pa.array(np.array(columns[0], np.int32)),
                    *(pa.array(c, pa.string()).dictionary_encode() for c in columns[1:3]),
                    pa.array(columns[3], pa.int64()),
                ],
                schema=schema,
            )
        }


class Letters:
    """Fails on a mark, has a table of its own."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        obey(source.content, b"LETTER")
        self.rows.append((ordinal, source.content[:1].decode("latin-1")))
        return True

    def finish(self) -> dict[str, pa.Table]:
        files, texts = zip(*self.rows, strict=True) if self.rows else ([], [])
        columns = [pa.array(files, pa.int32()), pa.array(texts, pa.string())]
        return {"letter": pa.table(columns, schema=evidence_schema(Letter))}


def obey(content: bytes, when: bytes) -> None:
    """Do what `WHEN_DEED` in the content asks for."""
    if when + b"_SEGV" in content:
        os.kill(os.getpid(), signal.SIGSEGV)
    if when + b"_KILL" in content:
        os.kill(os.getpid(), signal.SIGKILL)
    if when + b"_EXIT" in content:
        os._exit(3)
    if when + b"_SLEEP" in content:
        time.sleep(600)
    if when + b"_BURN" in content:
        while True:
            pass
    if when + b"_FILL" in content:
        kept = []
        while len(kept) < 4096:
            kept.append(b"x" * (1 << 20))
            time.sleep(0.001)
    if when + b"_RAISE" in content:
        raise ValueError("told to raise")
    if when + b"_DEEP" in content:
        raise RecursionError
    if when + b"_MEMORY" in content:
        raise MemoryError


WORDS = Extractor("words", 1, 10, (Word,), lambda wanted: Words())
TOLERANT = Extractor("tolerant", 1, 90, (Word,), lambda wanted: Words(tolerant=True))
LETTERS = Extractor("letters", 1, 20, (Letter,), lambda wanted: Letters())
ALL = (WORDS, LETTERS, TOLERANT)
