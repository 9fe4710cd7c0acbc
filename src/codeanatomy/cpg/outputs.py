"""The final tables, in the order in which `show tables` lists them."""

from codeanatomy.facts import types as t
from codeanatomy.facts.tables.graph import (
    Conflict,
    Dropped,
    Edge,
    EdgeByTarget,
    Node,
    Problem,
    Prop,
    Span,
    Unresolved,
)
from codeanatomy.facts.tables.source import SkippedFile, SourceFile, SourceRoot
from codeanatomy.semantic.declare import Output

NODES = Output(name="nodes", struct=Node, feeds="entities", sort=(t.KIND, t.NODE_ID))
SPANS = Output(name="spans", struct=Span, feeds="entities", sort=(t.NODE_ID,))
EDGES = Output(name="edges", struct=Edge, feeds="relations", sort=(t.KIND, t.SOURCE_ID))
EDGES_BY_DST = Output(
    name="edges_by_dst", struct=EdgeByTarget, feeds="edges", sort=(t.KIND, t.TARGET_ID)
)
CONFLICTS = Output(name="conflicts", struct=Conflict, feeds="disputes", sort=(t.SITE_ID,))
DROPPED = Output(name="dropped", struct=Dropped, feeds="dropped_rows", sort=(t.SITE_ID,))
PROPS = Output(name="props", struct=Prop, feeds="properties", sort=(t.NODE_ID,))
PROBLEMS = Output(name="problems", struct=Problem, feeds="trouble", sort=(t.PATH,))
UNRESOLVED = Output(
    name="unresolved", struct=Unresolved, feeds="unresolved_rows", sort=(t.SITE_ID,)
)
FILES = Output(name="files", struct=SourceFile, feeds="source_file", sort=(t.PATH,))
SKIPPED = Output(name="skipped", struct=SkippedFile, feeds="skipped_file", sort=(t.PATH,))
ROOTS = Output(name="roots", struct=SourceRoot, feeds="source_root", sort=(t.PATH,))
