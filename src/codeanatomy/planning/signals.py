"""What is known when a policy is compiled: every section is decided from this and nothing else."""

from collections.abc import Mapping
from functools import cached_property

import msgspec
import pyarrow as pa

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.estimate import Estimate, Past, Size, estimates
from codeanatomy.planning.tasks import Task
from codeanatomy.plans.facts import PlanFacts


class Way(msgspec.Struct, frozen=True):
    """One way to join, as its text, with the confidence of the evidence for it."""

    text: str
    confidence: float
    evidence: str


class Machine(msgspec.Struct, frozen=True):
    """What a run may use: processors, bytes in all, bytes that are used before the views run."""

    cores: int = 2
    memory: int | None = None
    used: int = 0


class Signals(msgspec.Struct, frozen=True, dict=True, kw_only=True):
    """Tasks and their plans, the schemas of the views, the inferred joins by view (the best way
    first), outputs with the columns that they are sorted by, sizes of the evidence, earlier
    measurements, versions of the stored tables, the workload, the machine, and what the
    engine can do."""

    tasks: tuple[Task, ...]
    facts: Mapping[str, PlanFacts]
    schemas: Mapping[str, pa.Schema]
    outputs: Mapping[str, tuple[str, ...]]
    workload: Decision
    joins: Mapping[str, tuple[tuple[Way, ...], ...]] = {}
    sizes: Mapping[str, Size] = {}
    past: Mapping[str, Past] = {}
    versions: Mapping[str, int] = {}
    machine: Machine = Machine()
    capabilities: Mapping[str, str] = {}

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """What each task will make and cost."""
        return estimates(self.tasks, self.facts, self.schemas, self.sizes, self.past)

    @cached_property
    def tables(self) -> list[str]:
        """The tables of evidence that tasks read, sorted."""
        views = {task.view for task in self.tasks}
        return sorted({read for task in self.tasks for read in task.reads} - views)
