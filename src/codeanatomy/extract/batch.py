"""What rows do the files of one job give? Runs in a worker, on bytes that nobody trusts."""

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.extract.cache import write_pack
from codeanatomy.extract.messages import Item, Job, Work
from codeanatomy.extract.parse import parse
from codeanatomy.extract.witness import (
    FILE_COLUMN,
    Collector,
    Extractor,
    Wanted,
    evidence_schema,
    packed_schema,
    signed,
    trouble,
    trouble_table,
)
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.trouble import FileProblem
from codeanatomy.sources.reading import as_scanned

RUNNER = "runner"  # the witness of problems that no extractor reports
PROBLEMS = table_name(FileProblem)
TOGETHER = -1  # announced while no single file is at work

Announce = Callable[[int], None]
Tables = dict[str, pa.Table]
Clock = defaultdict[str, float]
Attempt = Callable[..., Tables | FileProblem]


class File(msgspec.Struct, frozen=True):
    """A file of the job as it was read."""

    ordinal: int
    content: bytes
    problem: FileProblem | None
    read: bool = True


def run_job(
    job: Job, work: Work, extractors: Sequence[Extractor], announce: Announce
) -> dict[str, float]:
    """Write the job's pack; the CPU seconds of each witness, and of the runner with the one parse.

    Files are announced by ordinal before any work is done on them.
    """
    clock: Clock = defaultdict(float)
    began = time.process_time()
    files = [_read(work.repo, ordinal, item) for ordinal, item in enumerate(job.items)]
    asked = extractors if job.witnesses else ()
    tables = _empty(extractors) | evidence(files, asked, announce, work.wanted, clock)
    contents = [
        item.content if file.read and not item.passing else ""
        for file, item in zip(files, job.items, strict=True)
    ]
    write_pack(Path(job.pack), contents, tables)
    return {**clock, RUNNER: time.process_time() - began - sum(clock.values())}


def evidence(
    files: Sequence[File],
    extractors: Sequence[Extractor],
    announce: Announce,
    wanted: Wanted,
    clock: Clock,
) -> Tables:
    """All tables of the extractors (by rank), and `file_problem`, over the files, sorted by file.

    A batch in which an extractor raises is done again file by file, so that only the guilty file
    lacks its rows. Seconds of each witness are added to `clock`.
    """
    attempt = functools.partial(_attempt, announce=announce, wanted=wanted, clock=clock)
    tables = attempt(files, extractors)
    if not isinstance(tables, FileProblem):
        return tables
    parts = [_alone(file, extractors, attempt) for file in files]
    return {name: _join([part[name] for part in parts]) for name in parts[0]}


def tables_of(extractors: Sequence[Extractor]) -> dict[str, type[msgspec.Struct]]:
    """Struct of each table that the extractors fill, and of `file_problem`, by sorted names."""
    structs = {PROBLEMS: FileProblem} | {table_name(s): s for e in extractors for s in e.tables}
    return dict(sorted(structs.items()))


def everything(extractors: Sequence[Extractor]) -> dict[str, frozenset[str]]:
    """All columns of all their tables as wanted."""
    structs = tables_of(extractors).items()
    return {name: frozenset(struct.__struct_fields__) for name, struct in structs}


def _alone(file: File, extractors: Sequence[Extractor], attempt: Attempt) -> Tables:
    """Tables of one file by those extractors that can take it; the others leave a problem row."""
    left, failed = list(extractors), []
    while isinstance(tables := attempt([file], left), FileProblem):
        guilty = next((e for e in left if e.name == tables.witness), None)
        failed.append((file.ordinal, tables))
        if guilty is not None:
            left.remove(guilty)
        # where another witness fills the same tables, it is asked as if the parse had failed
        filled = {struct for e in left for struct in e.tables} - {FileProblem}
        shared = guilty is None or not filled.isdisjoint(guilty.tables)
        if shared and file.problem is None:
            file = File(file.ordinal, file.content, tables)
    rows = trouble_table(row for row in failed if row[1] is not file.problem)
    return _empty(extractors) | tables | {PROBLEMS: _join([tables[PROBLEMS], rows])}


def _empty(extractors: Sequence[Extractor]) -> Tables:
    return {name: packed_schema(s).empty_table() for name, s in tables_of(extractors).items()}


def _attempt(
    files: Sequence[File],
    extractors: Sequence[Extractor],
    announce: Announce,
    wanted: Wanted,
    clock: Clock,
) -> Tables | FileProblem:
    """The tables of the files, or who raised on which file."""
    parts: dict[str, list[pa.Table]] = {name: [] for name in tables_of(extractors)}
    problems: list[tuple[int, FileProblem]] = []
    witness = RUNNER
    try:
        collectors = []
        for extractor in extractors:
            witness = extractor.name
            collectors.append((extractor, extractor.open(wanted)))
        for file in files:
            announce(file.ordinal)
            witness = RUNNER
            source = parse(file.content, file.problem)
            for extractor, collector in collectors:
                witness = extractor.name
                began = time.process_time()
                collector.add(file.ordinal, source)
                clock[witness] += time.process_time() - began
            if source.error is not None:
                problems.append((file.ordinal, source.error))
        announce(TOGETHER if len(files) > 1 else files[0].ordinal)
        for extractor, collector in collectors:
            witness = extractor.name
            began = time.process_time()
            for name, table in _finish(extractor, collector, files).items():
                parts[name].append(table)
            clock[witness] += time.process_time() - began
    except RecursionError:
        return trouble(witness, "too-deep", "nested too deeply for this witness")
    except MemoryError:
        return trouble(witness, "too-large", "more memory was needed than there is")
    except Exception as error:  # noqa: BLE001 - one file must not take the others with it
        return trouble(witness, "witness-failed", f"{type(error).__name__}: {error}"[:300])
    parts[PROBLEMS].insert(0, trouble_table(problems))
    return {name: _join(tables) for name, tables in parts.items()}


def _finish(extractor: Extractor, collector: Collector, files: Sequence[File]) -> Tables:
    """The extractor's tables, after checking that they are what it declares."""
    tables, structs = collector.finish(), {table_name(s): s for s in extractor.tables}
    if set(tables) != set(structs):
        raise TypeError(f"it gave the tables {sorted(tables)}, not {sorted(structs)}")
    for name, table in tables.items():
        if not table.schema.equals(evidence_schema(structs[name])):
            raise TypeError(f"table {name} has another schema than its struct")
        if lost := [f.name for f in table.schema if table[f.name].null_count and not f.nullable]:
            raise ValueError(f"table {name} has nulls in {lost[0]}")
        ordinals = table.column(FILE_COLUMN).to_numpy()
        bounded = np.concatenate(([files[0].ordinal], ordinals, [files[-1].ordinal]))
        if np.any(bounded[1:] < bounded[:-1]):
            raise ValueError(f"rows of table {name} are not sorted by the files of the batch")
    return {name: signed(table, structs[name], extractor.name) for name, table in tables.items()}


def _join(tables: Sequence[pa.Table]) -> pa.Table:
    """One table in one chunk, sorted by file; rows of a file keep the order of the tables."""
    filled = [table for table in tables if table.num_rows] or list(tables[:1])
    joined = pa.concat_tables(filled).unify_dictionaries().combine_chunks()
    for at, field in enumerate(joined.schema):
        if pa.types.is_dictionary(field.type) and joined[at].null_count:
            joined = joined.set_column(at, field, settled(joined[at].chunk(0)))
    files = joined.column(FILE_COLUMN).to_numpy()
    ordered = np.all(files[1:] >= files[:-1])
    return joined if ordered else joined.take(pa.array(np.argsort(files, kind="stable")))


def settled(codes: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same with 0 under each null. Unifying leaves what stands there unset, and unifying again
    would look it up in the dictionary, far outside of which it may be."""
    held = pc.fill_null(codes.indices, 0)
    whole = [codes.is_valid().buffers()[1], held.buffers()[1]]
    places = pa.Array.from_buffers(held.type, len(held), whole, offset=held.offset)
    return pa.DictionaryArray.from_arrays(places, codes.dictionary)


def _read(repo: str, ordinal: int, item: Item) -> File:
    """The item's bytes, if they are those that were scanned; else nothing but a problem."""
    try:
        content = as_scanned(Path(repo, item.path), item.size, item.content)
    except OSError as error:
        problem = trouble(RUNNER, "unreadable", error.strerror or str(error))
        return File(ordinal, b"", item.problem or problem, read=False)
    return File(ordinal, content, item.problem)
