"""Front door: what a run measures of itself while it goes on, and says when it is done."""

import contextlib
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.cpg.kinds import COLUMNS
from codeanatomy.engine.events import Event, Events, Recorder
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.engine.memory import PeakMemory
from codeanatomy.extract.witness import Extractor, Survey
from codeanatomy.facts.collect import listeners
from codeanatomy.facts.ids import mix
from codeanatomy.facts.schema import columns_of, table_name
from codeanatomy.facts.types import EVIDENCE

Progress = Callable[[str, int, int], None]  # phase, done, of how many (0: not countable)


class CallSites(msgspec.Struct, frozen=True):
    """Call sites (`ast.Call`) by what is known of their targets."""

    total: int
    certain: int
    possible: int
    unresolved: int


class BuildReport(msgspec.Struct, frozen=True):
    """The closing summary of a build."""

    repository: str
    store: str
    snapshot: str
    number: int
    new_snapshot: bool
    ref: str | None
    commit: str | None
    dirty: bool | None
    files: int
    extracted: int  # files read by a witness in this run
    cached: int  # files whose rows came from the cache
    skipped: int
    nodes: dict[str, int]  # by kind
    edges: dict[str, int]  # by kind
    rows: dict[str, int]  # by table
    problems: dict[str, int]  # by code
    call_sites: CallSites | None  # None: nobody asked for calls
    events: tuple[str, ...]  # recorded fallbacks, each with its reason
    policy: str  # fingerprint
    seconds: float
    phases: dict[str, float]  # seconds by phase
    peak_memory: int  # bytes
    peak_memory_method: str


class Run(contextlib.ExitStack):
    """One run: its phases, clock, memory and listener."""

    def __init__(self, on_progress: Progress | None) -> None:
        super().__init__()
        self.on_progress = on_progress or (lambda phase, done, of: None)
        self.phases: dict[str, float] = {}
        self.memory = self.enter_context(PeakMemory())
        self.recorder = Recorder()
        self.events = Events(self.recorder, self._told, *listeners())
        if gc.isenabled():  # a build makes no cycles, but many small tuples to search for them
            gc.disable()
            self.callback(gc.enable)
        self.started = time.perf_counter()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a phase and tells the listener that it began."""
        self.on_progress(name, 0, 0)
        self.events("phase started", name)
        started = time.perf_counter()
        yield
        self.phases[name] = round(time.perf_counter() - started, 4)
        self.events("phase finished", name, milliseconds=1000 * self.phases[name])

    def _told(self, event: Event) -> None:
        """Progress of the tasks, for the listener of the run."""
        if event.kind == "planned":
            self._tasks, self._done = int(event.numbers["tasks"]), 0
        elif event.kind == "finished":
            self._done += 1
            self.on_progress("execute", self._done, self._tasks)

    def report(
        self, store: str, snapshot: Snapshot, *, new: bool, extracted: int = 0, cached: int = 0
    ) -> BuildReport:
        """The summary of this run over the snapshot that is current at its end."""
        return msgspec.convert(
            {
                **snapshot.facts,
                "store": store,
                "snapshot": snapshot.id,
                "number": snapshot.number,
                "new_snapshot": new,
                "extracted": extracted,
                "cached": cached,
                "rows": {name: table.rows for name, table in sorted(snapshot.tables.items())},
                "seconds": round(time.perf_counter() - self.started, 3),
                "phases": self.phases,
                "peak_memory": self.memory.now(),
                "peak_memory_method": self.memory.method,
            },
            BuildReport,
        )


def counts(column: pa.ChunkedArray, more: Mapping[str, int] | None = None) -> dict[str, int]:
    """How often each value of a text column occurs, and more, most first, ties by name."""
    found = Counter({r["values"]: r["counts"] for r in pc.value_counts(column).to_pylist()})
    return dict(sorted((found + Counter(more)).items(), key=lambda pair: (-pair[1], pair[0])))


def call_sites(sites: int, targets: pa.Table) -> CallSites:
    """How many of the calls that the sources write out have a target: certain when it is one."""
    calls = targets.filter(pc.equal(targets["what"], "call"))
    site = mix(calls["file_id"].to_numpy(), calls["site"].to_numpy())
    certain = pc.equal(calls["certainty"], "certain").to_numpy()
    possible, answered = len(np.unique(site[~certain])), len(np.unique(site))
    return CallSites(sites, answered - possible, possible, sites - answered)


def witness_facts(
    chosen: Iterable[Extractor | Survey],
    tables: Mapping[str, pa.Table],
    problems: Iterable[str],
    seconds: Mapping[str, float],
) -> list[dict[str, object]]:
    """What each witness gave, by name. Rows are those that carry its name, or stand in a table that
    no other fills. `problems` names the witness of each."""
    found, troubles = [], Counter(problems)
    fillers = Counter(struct for one in chosen for struct in one.tables)
    for one in sorted(chosen, key=lambda one: one.name):
        files: set[int] = set()
        rows = 0
        for struct in one.tables:
            table = tables.get(table_name(struct))
            signed = columns_of(table.schema, EVIDENCE) if table is not None else []
            if table is not None and (signed or fillers[struct] == 1):
                own = table["file_id"]
                for column in signed:
                    own = own.filter(pc.equal(table[column], one.name))
                files.update(pc.unique(own).to_pylist())
                rows += len(own)
        told = {"problems": troubles[one.name], "seconds": round(seconds.get(one.name, 0.0), 3)}
        found.append({"witness": one.name, "files": len(files), "rows": rows, **told})
    return found


def graph_facts(tables: Mapping[str, pa.Table]) -> dict[str, object]:
    """What a snapshot says of its own graph: counts by kind, problems by code."""
    nodes = tables["nodes"]
    held = {kind: len(nodes) - nodes[column].null_count for kind, (column, *_) in COLUMNS.items()}
    return {
        "nodes": counts(nodes["kind"]),
        "edges": counts(tables["edges"]["kind"], held),
        "problems": counts(tables["problems"]["code"]),
        "skipped": tables["skipped"].num_rows,
        "files": tables["files"].num_rows,
    }
