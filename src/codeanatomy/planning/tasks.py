"""The task graph: which view must run before which, read off the plans."""

from collections.abc import Collection, Mapping

import msgspec
import rustworkx as rx

from codeanatomy.facts.errors import PlanError
from codeanatomy.plans.facts import PlanFacts


class Task(msgspec.Struct, frozen=True):
    """One view to run: what it reads, in which generation, and who reads it."""

    view: str
    reads: dict[str, tuple[str, ...]]  # table or view -> required columns
    generation: int
    consumers: tuple[str, ...]


def task_graph(facts: Mapping[str, PlanFacts], tables: frozenset[str]) -> tuple[Task, ...]:
    """Tasks in the order in which they run: generations, then names.

    Raises PlanError when a plan reads something unknown or views read each other in a circle.
    """
    reads = {name: fact.tables for name, fact in facts.items()}
    for name, read in reads.items():
        if lost := sorted(read.keys() - facts.keys() - tables):
            raise PlanError(f"view {name} reads {lost[0]!r}, which is neither a table nor a view")
    return tuple(
        Task(
            view=name,
            reads=dict(sorted(reads[name].items())),
            generation=number,
            consumers=tuple(sorted(other for other in reads if name in reads[other])),
        )
        for number, members in enumerate(generations(reads))
        for name in members
    )


def generations(reads: Mapping[str, Collection[str]]) -> list[list[str]]:
    """The views, each in a later generation than those that it reads; each generation by name.

    Raises PlanError when views read each other in a circle.
    """
    graph: rx.PyDiGraph[str, None] = rx.PyDiGraph()
    at = {name: graph.add_node(name) for name in sorted(reads)}
    for name, read in reads.items():
        graph.add_edges_from_no_data([(at[other], at[name]) for other in read if other in at])
    try:
        found = rx.topological_generations(graph)
    except rx.DAGHasCycle:
        circle = rx.digraph_find_cycle(graph)
        names = " -> ".join(graph[a] for a, _ in circle)
        raise PlanError(f"views read each other in a circle: {names}") from None
    return [sorted(graph[i] for i in members) for members in found]
