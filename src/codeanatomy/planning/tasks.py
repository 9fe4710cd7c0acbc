"""The task graph: which view must run before which, read off the plans."""

from collections.abc import Mapping

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
    graph: rx.PyDiGraph[str, None] = rx.PyDiGraph()
    at = {name: graph.add_node(name) for name in sorted(facts)}
    for name, fact in facts.items():
        for read in fact.tables:
            if read in at:
                graph.add_edge(at[read], at[name], None)
            elif read not in tables:
                raise PlanError(f"view {name} reads {read!r}, which is neither a table nor a view")
    try:
        generations = rx.topological_generations(graph)
    except rx.DAGHasCycle:
        circle = rx.digraph_find_cycle(graph)
        names = " -> ".join(graph[a] for a, _ in circle)
        raise PlanError(f"views read each other in a circle: {names}") from None
    return tuple(
        Task(
            view=name,
            reads=dict(sorted(facts[name].tables.items())),
            generation=number,
            consumers=tuple(sorted(graph[i] for i in graph.successor_indices(at[name]))),
        )
        for number, members in enumerate(generations)
        for name in sorted(graph[i] for i in members)
    )
