"""The final tables, in the order in which `show tables` lists them."""

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import graph, source
from codeanatomy.semantic.declare import Output

NODES = Output(name="nodes", struct=graph.Node, feeds="entities", sort=(t.KIND, t.NODE_ID))
SPANS = Output(name="spans", struct=graph.Span, feeds="entities", sort=(t.NODE_ID,))
EDGES = Output(name="edges", struct=graph.Edge, feeds="relations", sort=(t.KIND, t.SOURCE_ID))
EDGES_BY_DST = Output(
    name="edges_by_dst", struct=graph.EdgeByTarget, feeds="edges", sort=(t.KIND, t.TARGET_ID)
)
CONFLICTS = Output(name="conflicts", struct=graph.Conflict, feeds="disputes", sort=(t.SITE_ID,))
DROPPED = Output(name="dropped", struct=graph.Dropped, feeds="dropped_rows", sort=(t.SITE_ID,))
PROPS = Output(name="props", struct=graph.Prop, feeds="properties", sort=(t.NODE_ID,))
PROBLEMS = Output(name="problems", struct=graph.Problem, feeds="trouble", sort=(t.PATH,))
UNRESOLVED = Output(
    name="unresolved", struct=graph.Unresolved, feeds="unresolved_rows", sort=(t.SITE_ID,)
)
FILES = Output(name="files", struct=source.SourceFile, feeds="source_file", sort=(t.PATH,))
SKIPPED = Output(name="skipped", struct=source.SkippedFile, feeds="skipped_file", sort=(t.PATH,))
ROOTS = Output(name="roots", struct=source.SourceRoot, feeds="source_root", sort=(t.PATH,))
