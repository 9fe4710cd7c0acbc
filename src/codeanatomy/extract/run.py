"""What do the witnesses say about these files? The front of the extraction runner."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.extract.batch import everything, tables_of
from codeanatomy.extract.cache import Cache, Event, Place
from codeanatomy.extract.foreman import crew, usable_cpus
from codeanatomy.extract.messages import WATCHED, Item, Job, Limits, Work, receive, send
from codeanatomy.extract.witness import Extractor, Wanted
from codeanatomy.extract.witnesses import evidence_fingerprint, homes
from codeanatomy.facts.ids import Ids
from codeanatomy.facts.schema import schema_from_struct

BATCH_BYTES = 3 << 19  # 1.5 MiB of source: some 50 MB of columns
_SMALL_BATCH = 1 << 18  # below this a batch costs more to hand over than to do
_FILE_BYTES = 1 << 10  # what a file costs on top of its bytes, so that empty ones count
_FEW_ROWS = 1 << 11  # below this mean size of chunks a table is copied into one chunk

Run = tuple[int, int, int]  # a pack, and the first row and end of a stretch of its rows


class Extraction(msgspec.Struct, frozen=True, eq=False):
    """Evidence of all files, one table per kind plus `file_problem`, `file_id` first.

    Counts are of files; equal contents are read once.
    """

    tables: dict[str, pa.Table]
    extracted: int
    cached: int
    events: tuple[Event, ...]
    seconds: dict[str, float]  # CPU of each witness, in this run


def extract(
    files: pa.Table,
    repo: Path,
    extractors: Sequence[Extractor],
    *,
    wanted: Wanted | None = None,
    workers: int | None = None,
    cache: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    batch_bytes: int = BATCH_BYTES,
) -> Extraction:
    """Evidence of the files (a `source_file` table), its rows in their order, then source order.

    `wanted` is what somebody reads (None: everything). `cache` is a folder of known rows
    (`cache.default_cache()`), None to read every file anew. Progress: contents done, of so many.
    Equal files give equal bytes, whatever the workers, cache and batches.
    """
    modules, structs = homes(extractors), tables_of(extractors)
    asked = everything(extractors) if wanted is None else wanted
    wanted = {name: asked[name] for name in structs if name in asked}
    store = Cache(cache, evidence_fingerprint(extractors, limits, wanted))
    seconds: dict[str, float] = {}
    contents, paths, sizes = (files[name].to_pylist() for name in ("content", "path", "size"))
    known = store.find(set(contents))
    places = {number: known[text] for number, text in enumerate(contents) if text in known}
    waiting: dict[str, list[int]] = {}
    for number, text in enumerate(contents):
        if text not in known:
            waiting.setdefault(text, []).append(number)
    cached = len(places)
    if waiting:
        count = max(1, workers or usable_cpus())
        items = [Item(paths[same[0]], text, sizes[same[0]]) for text, same in waiting.items()]
        jobs = tuple(Job(batch) for batch in _batches(items, count, batch_bytes))
        names = tuple(extractor.name for extractor in extractors)
        with crew(modules, store.folder) as foreman:
            send(foreman, Work(str(repo), names, wanted, count, limits, jobs))
            while waiting:
                job = receive(foreman)
                assert isinstance(job, Job)
                pack = store.adopt(Path(job.pack))
                for witness, took in job.seconds.items():
                    seconds[witness] = seconds.get(witness, 0.0) + took
                for at, item in enumerate(job.items):
                    same = waiting[item.content]
                    if len(same) > 1 and item.problem is None and not pack.contents[at]:
                        # it changed since the scan: the next file of this content is read instead
                        places[same.pop(0)] = (pack, at)
                        again = msgspec.structs.replace(item, path=paths[same[0]])
                        send(foreman, Job((again,)))
                    else:
                        places |= dict.fromkeys(waiting.pop(item.content), (pack, at))
                on_progress(len(items) - len(waiting), len(items))
    store.trim()
    tables = _assemble(
        [places[number] for number in range(len(contents))],
        files.column("file_id").to_numpy(),
        {name: schema_from_struct(struct) for name, struct in structs.items()},
    )
    events = set(store.events)
    if not WATCHED:
        events.add(Event("limits-coarse", "no /proc: time is wall time, memory is not watched"))
    return Extraction(tables, len(contents) - cached, cached, tuple(sorted(events)), seconds)


def _batches(items: Sequence[Item], workers: int, most: int) -> Iterator[tuple[Item, ...]]:
    """Neighbours in batches of about equal bytes, so that results lie in the files' order."""
    total = sum(item.size + _FILE_BYTES for item in items)
    size = min(most, max(_SMALL_BATCH, total // (2 * workers)))
    begin = filled = 0
    for end, item in enumerate(items):
        cost = item.size + _FILE_BYTES
        if end > begin and filled + cost > size:
            yield tuple(items[begin:end])
            begin, filled = end, 0
        filled += cost
    yield tuple(items[begin:])


def _assemble(
    places: Sequence[Place], file_ids: Ids, schemas: Mapping[str, pa.Schema]
) -> dict[str, pa.Table]:
    """All tables over the files, whose i-th has its rows at `places[i]` and the id `file_ids[i]`.

    `schemas` are those of the results (`file_id` first). Plain columns stay where they are mapped
    unless they lie in many small pieces. Dictionaries hold exactly the values in use, sorted, so
    that equal rows have equal bytes however they were batched.
    """
    packs = list({id(pack): pack for pack, _ in places}.values())
    number = {id(pack): i for i, pack in enumerate(packs)}
    numbered = [(number[id(pack)], ordinal) for pack, ordinal in places]
    pack, ordinal = np.array(numbered, np.int64).reshape(-1, 2).T
    at = np.cumsum([0, *(len(one.contents) + 1 for one in packs)])[pack] + ordinal
    found = {}
    for name, schema in schemas.items():
        tables = [one.tables[name][0] for one in packs]
        offsets = np.concatenate([np.zeros(0, np.int64), *(one.tables[name][1] for one in packs)])
        begin, end = offsets[at], offsets[at + 1]
        ids = np.repeat(file_ids, end - begin)
        found[name] = _table(schema, tables, _runs(pack, begin, end), ids)
    return found


def _table(
    schema: pa.Schema, tables: Sequence[pa.RecordBatch], runs: Sequence[Run], files: Ids
) -> pa.Table:
    columns = [pa.chunked_array([files])]
    used = sorted({p for p, _, _ in runs})
    scattered = len(files) < _FEW_ROWS * len(runs)
    for field in list(schema)[1:]:
        parts = [tables[p].column(field.name) for p in used]
        coded = pa.types.is_dictionary(field.type)
        if coded:
            parts = pa.chunked_array(parts, field.type).unify_dictionaries().chunks
            texts = parts[0].dictionary if parts else pa.array([], pa.string())
            parts = [part.indices for part in parts]
        whole = dict(zip(used, parts, strict=True))
        slices = [whole[p].slice(first, last - first) for p, first, last in runs]
        if scattered:
            slices = [pa.concat_arrays(slices)] if slices else []
        columns.append(_coded(slices, texts) if coded else pa.chunked_array(slices, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _coded(slices: Sequence[pa.Array], texts: pa.Array) -> pa.ChunkedArray:
    """These codes in a new dictionary: the texts in use, in byte order."""
    used = np.zeros(len(texts) + 1, bool)
    for codes in slices:
        used[codes.fill_null(len(texts)) if codes.null_count else codes] = True
    kept = np.flatnonzero(used[:-1])
    order = pc.sort_indices(texts.take(pa.array(kept))).to_numpy()
    rank = np.zeros(len(texts), np.int32)
    rank[kept[order]] = np.arange(len(order), dtype=np.int32)
    texts, ranks = texts.take(pa.array(kept[order])), pa.array(rank)
    new = [pa.DictionaryArray.from_arrays(ranks.take(codes), texts) for codes in slices]
    return pa.chunked_array(new, pa.dictionary(pa.int32(), pa.string()))


def _runs(pack: Ids, begin: Ids, end: Ids) -> list[Run]:
    """Pack, first row and end of each stretch of rows that stand together in a pack."""
    used = end > begin
    pack, begin, end = pack[used], begin[used], end[used]
    first = (np.diff(pack, prepend=-1) != 0) | (np.append(-1, end)[:-1] != begin)
    last = np.roll(first, -1)
    return list(zip(pack[first].tolist(), begin[first].tolist(), end[last].tolist(), strict=True))
