"""The graph's own tables, as stored."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Node(msgspec.Struct, frozen=True):
    """Stored as `nodes`, sorted by id; all nodes of a file are neighbours."""

    node_id: Annotated[int, t.NODE_ID]
    kind: Annotated[str, t.CODED, t.KIND]
    name: Annotated[str | None, t.CODED, t.NAME]
    qualified_name: Annotated[str | None, t.QUALIFIED]
    file_id: Annotated[int, t.FILE, "EXTERNAL_FILE for external things"]
    position: Annotated[int, t.INT32, t.ORDINAL, "order among the parent's children"]
    external: Annotated[bool, t.EXTERNAL]
    evidence: Annotated[str, t.CODED, t.EVIDENCE, "witness names joined by +"]
    parent: Annotated[int | None, t.PARENT_ID, "source of its AST edge"]
    container: Annotated[int | None, t.CONTAINER_ID, "source of its CONTAINS edge"]
    statement: Annotated[int | None, t.STATEMENT_ID, "innermost statement or handler around it"]
    dominator: Annotated[int | None, t.DOMINATOR_ID, "source of its DOMINATE edge"]
    post_dominator: Annotated[int | None, t.POST_DOMINATOR_ID, "source of its POST_DOMINATE edge"]


class Span(msgspec.Struct, frozen=True):
    """Stored as `spans`: all positions, so that a thing that only moved changes nothing else."""

    node_id: Annotated[int, t.NODE_ID]
    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]


class Edge(msgspec.Struct, frozen=True):
    """Stored as `edges`, sorted by src within each kind; identity is (kind, src, dst, ordinal).
    Of the kinds that columns of `nodes` hold only those of files stand here, ask `cpg_edges`."""

    kind: Annotated[str, t.FEW, t.KIND]
    src: Annotated[int, t.SOURCE_ID]
    dst: Annotated[int, t.TARGET_ID]
    ordinal: Annotated[int, t.INT32, t.ORDINAL, "tells edges of a pair apart: argument index"]
    file_id: Annotated[int, t.FILE, "file of src"]
    site: Annotated[int, t.SITE_ID, "node where the evidence stands"]
    origin: Annotated[str, t.FEW, t.ORIGIN, "witness or rule"]
    certainty: Annotated[str, t.FEW, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]
    score: Annotated[float, t.SCORE, "belief in the edge, below 1: 1 - product of all doubts"]
    evidence: Annotated[str, t.FEW, t.EVIDENCE, "witness names joined by +"]


class EdgeByTarget(msgspec.Struct, frozen=True):
    """Stored as `edges_by_dst`, sorted by dst within each kind: for the way back."""

    dst: Annotated[int, t.TARGET_ID]
    src: Annotated[int, t.SOURCE_ID]
    kind: Annotated[str, t.FEW, t.KIND]
    ordinal: Annotated[int, t.INT32, t.ORDINAL]


class Conflict(msgspec.Struct, frozen=True):
    """Stored as `conflicts`: what witnesses say of a site of which no two say the same."""

    kind: Annotated[str, t.CODED, t.KIND]
    site: Annotated[int, t.SITE_ID, "node where the evidence stands"]
    dst: Annotated[int, t.TARGET_ID]
    evidence: Annotated[str, t.CODED, t.EVIDENCE]
    certainty: Annotated[str, t.CODED, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]
    score: Annotated[float, t.SCORE]


class Dropped(msgspec.Struct, frozen=True):
    """Stored as `dropped`: what a site may mean, and why it became no edge. Sites that take their
    value from such a one are in doubt as well; they have no rows here."""

    site: Annotated[int, t.SITE_ID, "node where the evidence stands"]
    dst: Annotated[int, t.TARGET_ID]
    reason: Annotated[str, t.CODED, t.REASON]


class Prop(msgspec.Struct, frozen=True):
    """Stored as `props`: exactly one value column is set, as value_type says."""

    entity: Annotated[str, t.CODED, t.HOLDER, "node or edge"]
    id: Annotated[int, t.NODE_ID]
    key: Annotated[str, t.CODED, t.PROPERTY]
    value_type: Annotated[str, t.CODED, t.VALUE_TYPE, "string, int, float or bool"]
    string_value: Annotated[str | None, t.TEXT]
    int_value: Annotated[int | None, t.COUNT]
    float_value: Annotated[float | None, t.SCORE]
    bool_value: Annotated[bool | None, t.FLAG]


class Problem(msgspec.Struct, frozen=True):
    """Stored as `problems`: trouble with the input, found at any stage."""

    stage: Annotated[str, t.CODED, t.STAGE, "sources, extract, resolve, build"]
    witness: Annotated[str, t.CODED, t.ORIGIN]
    code: Annotated[str, t.CODED, t.CODE]
    severity: Annotated[str, t.CODED, t.SEVERITY, "error, warning or info"]
    message: Annotated[str, t.TEXT]
    path: Annotated[str, t.PATH]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE, "0 where it concerns the whole file"]


class Unresolved(msgspec.Struct, frozen=True):
    """Stored as `unresolved`: sites without a target."""

    node_id: Annotated[int, t.SITE_ID]
    path: Annotated[str, t.PATH]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
    what: Annotated[str, t.CODED, t.WHAT, "name, attribute, call, import, decorator, base"]
    text: Annotated[str, t.CODED, t.TEXT]
    reason: Annotated[str, t.CODED, t.REASON]
