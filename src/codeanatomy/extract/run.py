"""What do the witnesses say about these files? The front of the extraction runner."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.extract.address import address, check
from codeanatomy.extract.assemble import assemble
from codeanatomy.extract.batch import schemas_of
from codeanatomy.extract.cache import Cache, Event, Place
from codeanatomy.extract.crew import Crew
from codeanatomy.extract.fingerprint import evidence_fingerprint
from codeanatomy.extract.limits import WATCHED, Limits
from codeanatomy.extract.messages import Item, Job
from codeanatomy.extract.pack import open_pack
from codeanatomy.extract.pool import Pool, start
from codeanatomy.extract.witness import Extractor
from codeanatomy.facts.schema import schema_from_struct, table_name
from codeanatomy.facts.tables.trouble import FileProblem

BATCH_BYTES = 3 << 19  # 1.5 MiB of source: some 50 MB of columns
_SMALL_BATCH = 1 << 18  # below this a batch costs more to hand over than to do
_FILE_BYTES = 1 << 10  # what a file costs on top of its bytes, so that empty ones count

Progress = Callable[[int, int, str], None]


class Extraction(msgspec.Struct, frozen=True, eq=False):
    """Evidence of all files, one table per kind plus `file_problem`, `file_id` first.

    Counts are of files; equal contents are read once. CPU seconds: `witnesses` (parse and
    extractors), `workers` (all that workers did), `parent` (this process, since extraction began).
    """

    tables: dict[str, pa.Table]
    extracted: int
    cached: int
    cpu: dict[str, float]
    events: tuple[Event, ...]


class Tally:
    """How many contents are done, told to a listener whenever that or the file at work changes."""

    def __init__(self, total: int, listener: Progress | None) -> None:
        self._total = total
        self._listener = listener
        self._done = 0
        self._told = (0, "")

    def finish(self, files: int, path: str) -> None:
        """So many more are done."""
        self._done += files
        self.tick(0, path)

    def tick(self, underway: int, path: str) -> None:
        """So many are done in batches at work. A batch that is done again does not count back."""
        news = (max(self._done + underway, self._told[0]), path)
        if self._listener is not None and news != self._told:
            self._told = news
            self._listener(news[0], self._total, path)


def extract(
    files: pa.Table,
    repo: Path,
    extractors: Sequence[Extractor],
    *,
    workers: int | None = None,
    cache: Path | None = None,
    on_progress: Progress | None = None,
    pool: Pool | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    batch_bytes: int = BATCH_BYTES,
) -> Extraction:
    """Evidence of the files (a `source_file` table), its rows in their order, then source order.

    `cache` is a folder of known rows (`cache.default_cache()`), None to read every file anew. A
    pool that was started early is used and left running; then it decides how many workers.
    Equal files give equal bytes, whatever the workers, the cache and the batches.
    """
    began = time.process_time()
    check(extractors)
    schemas = schemas_of(extractors)
    places_in = tuple(address(extractor) for extractor in extractors)
    key = evidence_fingerprint(extractors, schemas, limits)
    contents = files.column("content").to_pylist()
    cpu = {"witnesses": 0.0, "workers": 0.0}
    odd: dict[int, Place] = {}
    with _opened(cache, schemas) as store:
        known = store.find(sorted(set(contents)), key) if store else {}
        items = _missing(files, contents, known)
        extracted = sum(content not in known for content in contents)
        if items:
            with _staffed(pool, workers, places_in) as staff:
                job = Job(0, str(repo), _folder(staff, store), key, places_in, ())
                crew = Crew(staff, limits, job)
                for batch in _batches(items, staff.size, batch_bytes):
                    crew.add(batch)
                before = staff.cpu
                found, odd, cpu["witnesses"] = _gather(
                    crew, files, schemas, store, Tally(len(items), on_progress)
                )
                known |= found
                staff.rest()
                cpu["workers"] = staff.cpu - before
    tables = assemble(
        [odd.get(i) or known[content] for i, content in enumerate(contents)],
        files.column("file_id").to_numpy(),
        _results(extractors),
    )
    cpu["parent"] = time.process_time() - began
    events = set(store.events if store else ())
    if not WATCHED:
        events.add(Event("limits-coarse", "no /proc: time is wall time, memory is not watched"))
    cached = len(contents) - extracted
    return Extraction(tables, extracted, cached, cpu, tuple(sorted(events)))


def _gather(
    crew: Crew,
    files: pa.Table,
    schemas: dict[str, pa.Schema],
    store: Cache | None,
    tally: Tally,
) -> tuple[dict[str, Place], dict[int, Place], float]:
    """Places by content, places of files that no longer hold what was scanned, and CPU seconds of
    witnesses. Where other files have the content of such a file, the next one is read instead."""
    paths = files.column("path").to_pylist()
    sharing: dict[str, list[int]] = {}
    for number, content in enumerate(files.column("content").to_pylist()):
        sharing.setdefault(content, []).append(number)
    known: dict[str, Place] = {}
    odd: dict[int, Place] = {}
    cpu = 0.0
    for job, done in crew.results(tally.tick):
        cpu += done.witnesses
        pack = open_pack(Path(job.folder), schemas, verify=False)
        if store is not None and store.usable:
            store.adopt(Path(job.folder), pack, done.passing)
        else:
            shutil.rmtree(job.folder)
        for at, item in enumerate(job.items):
            later = [number for number in sharing[item.content] if number > item.file]
            if at in done.passing and item.problem is None and later:
                odd[item.file] = Place(pack, at)
                again = msgspec.structs.replace(item, file=later[0], path=paths[later[0]])
                crew.add([again])
            else:
                known[item.content] = Place(pack, at)
        tally.finish(len(job.items), job.items[-1].path)
    return known, odd, cpu


def _missing(files: pa.Table, contents: Sequence[str], known: dict[str, Place]) -> list[Item]:
    """The first file of each content that is not known, in the order of the files."""
    paths, sizes = files.column("path").to_pylist(), files.column("size").to_pylist()
    seen = set(known)
    items = []
    for number, content in enumerate(contents):
        if content not in seen:
            seen.add(content)
            items.append(Item(number, paths[number], content, sizes[number]))
    return items


def _batches(items: Sequence[Item], workers: int, most: int) -> Iterator[list[Item]]:
    """Neighbours in batches of about equal bytes, so that results lie in the files' order."""
    total = sum(item.size + _FILE_BYTES for item in items)
    size = min(most, max(_SMALL_BATCH, total // (2 * workers)))
    batch: list[Item] = []
    filled = 0
    for item in items:
        cost = item.size + _FILE_BYTES
        if batch and filled + cost > size:
            yield batch
            batch, filled = [], 0
        batch.append(item)
        filled += cost
    if batch:
        yield batch


def _results(extractors: Sequence[Extractor]) -> dict[str, pa.Schema]:
    structs = {struct for e in extractors for struct in e.tables} | {FileProblem}
    return {table_name(s): schema_from_struct(s) for s in sorted(structs, key=table_name)}


def _folder(staff: Pool, store: Cache | None) -> str:
    """Where workers write packs: beside those of the cache, which takes them over by renaming."""
    return str(staff.folder(store.folder if store is not None and store.usable else None))


@contextmanager
def _opened(folder: Path | None, schemas: dict[str, pa.Schema]) -> Iterator[Cache | None]:
    store = None if folder is None else Cache(folder, schemas)
    try:
        yield store
    finally:
        if store is not None:
            store.close()


@contextmanager
def _staffed(pool: Pool | None, workers: int | None, addresses: Sequence[str]) -> Iterator[Pool]:
    """The given pool, or one of our own that is closed in the end; any failure closes either."""
    staff = pool or start(workers, sorted({place.partition(":")[0] for place in addresses}))
    try:
        yield staff
    except BaseException:
        staff.close()
        raise
    if staff is not pool:
        staff.close()
