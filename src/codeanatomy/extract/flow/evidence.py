"""From the flow of a batch to evidence: steps, dominators, control, bindings that reach uses.

Points stand for nodes of the graph; blocks without points are passed through.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.extract.columns import Column, coded, optional, table
from codeanatomy.extract.flow import dominance
from codeanatomy.extract.flow.blocks import BREAK, NEXT, SWALLOW, WAYS, Blocks
from codeanatomy.extract.flow.parts import Parts
from codeanatomy.extract.flow.reaching import Items, Reaching, reaching
from codeanatomy.extract.forest import DEL, LOAD, Forest, Ints, kinds, roles
from codeanatomy.extract.scopes import Scopes
from codeanatomy.extract.witness import evidence_schema
from codeanatomy.facts.ids import EXIT, mix
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.flow import Control, DefUse, FlowEdge

_NONE = -1
_BINDS_IN_PLACE = kinds("match_case", "ExceptHandler")  # other anchors bind at their end
_NAMED = roles("NamedExpr.target")
_AUGMENTED = roles("AugAssign.target")
_ARGUMENT = kinds("arg")


class NoFlow:
    """In the place of a `Flow` that nobody reads: no rows, no dominators, no statements."""

    def __init__(self, forest: Forest) -> None:
        self.exits: Ints = mix(forest.definition_bodies, EXIT)

    def tables(self) -> dict[str, pa.Table]:
        """The flow_edge, control and def_use tables, without rows."""
        structs = (FlowEdge, Control, DefUse)
        return {table_name(s): evidence_schema(s).empty_table() for s in structs}

    def columns(self, rows: Ints) -> dict[str, Column]:
        """As those of a `Flow`, all null."""
        nothing = pa.nulls(len(rows), pa.int64())
        return dict.fromkeys(("statement", "dominator", "post_dominator"), nothing)

    def exit_dominators(self) -> pa.Array:
        """Nulls."""
        return pa.nulls(len(self.exits), pa.int64())


class Flow:
    """The flow of a batch. Nodes go by code, as in `Blocks`; `exits` are the keys of those where
    definitions are left."""

    def __init__(self, forest: Forest, scopes: Scopes) -> None:
        self._forest, self._scopes = forest, scopes
        self._parts = Parts(forest, scopes)
        blocks = self._blocks = Blocks(self._parts)
        self.exits: Ints = mix(forest.definition_bodies, EXIT)
        self._keys = np.concatenate([forest.key, forest.definition_bodies, self.exits])
        rows = np.concatenate([np.arange(forest.size), forest.definitions, forest.definitions])
        self._file: Ints = forest.ordinal[forest.file[rows]].astype(np.int64)
        self._first: Ints = np.array(blocks.first, np.int64)
        edges = np.unique(np.array(blocks.edges, np.int64).reshape(-1, 3), axis=0)
        self._src, self._dst, self._way = edges.T
        points = np.array(blocks.points, np.int64).reshape(-1, 2)
        self._code, self._block = points.T
        every = np.arange(blocks.count)
        self._begin = np.searchsorted(self._block, every, "left")  # first point of each block
        self._end = np.searchsorted(self._block, every, "right")
        self._filled = self._end > self._begin
        self._idom = np.array(dominance.dominators(self._src, self._dst, blocks.first), np.int64)
        kept = dominance.leading_out(self._src, self._dst, self._way, self._idom)
        self._kept = self._src[kept], self._dst[kept], self._way[kept]
        self._ipdom = np.array(
            dominance.postdominators(*self._kept[:2], blocks.first, self._idom), np.int64
        )
        self._dominators()

    def tables(self) -> dict[str, pa.Table]:
        """The flow_edge, control and def_use tables."""
        return self._edges() | self._controls() | self._reaching()

    def columns(self, rows: Ints) -> dict[str, Column]:
        """Keys of the statements of the rows, and of the nodes that immediately dominate them and
        post-dominate them."""
        forest = self._forest
        inner = np.flatnonzero(forest.parent[rows] >= 0)
        statement = np.full(len(rows), _NONE)
        statement[inner] = self._parts.statement(rows[inner])
        return {
            "statement": self._key_or_none(statement),
            "dominator": self._key_or_none(self._above[rows]),
            "post_dominator": self._key_or_none(self._below[rows]),
        }

    def exit_dominators(self) -> pa.Array:
        """Of each definition: key of the node that immediately dominates its exit."""
        return self._key_or_none(self._above[len(self._keys) - len(self.exits) :])

    def _key_or_none(self, codes: Ints) -> pa.Array:
        return optional(self._keys[codes], codes < 0)

    def _through(self, step: Ints) -> Ints:
        """For each block, the first one with points on the way that `step` leads, itself if it
        has; _NONE if there is none."""
        here = np.arange(len(step))
        to = np.where(self._filled | (step < 0), here, step)
        for _ in range(len(to).bit_length()):
            to = to[to]
        result: Ints = np.where(self._filled[to], to, _NONE)
        return result

    def _dominators(self) -> None:
        """By code, the codes of the nodes that immediately dominate it and post-dominate it."""
        code, block = self._code, self._block
        index = np.arange(len(code))
        self._above = np.full(len(self._keys), _NONE)
        self._below = np.full(len(self._keys), _NONE)
        entries = self._first[:-1]
        idom, ipdom = self._idom.copy(), self._ipdom.copy()
        idom[entries] = _NONE
        ipdom[self._first[1:] - 1] = _NONE
        alive = self._idom[block] >= 0
        up, down = self._through(idom), self._through(ipdom)
        head, tail = self._begin[block] == index, self._end[block] - 1 == index
        over = np.where(idom[block] < 0, _NONE, up[idom[block]])
        under = np.where(ipdom[block] < 0, _NONE, down[ipdom[block]])
        above = np.where(head, np.where(over < 0, _NONE, self._end[over] - 1), index - 1)
        below = np.where(tail, np.where(under < 0, _NONE, self._begin[under]), index + 1)
        for told, there, order in ((self._above, above, -1), (self._below, below, 1)):
            known = np.flatnonzero(alive & (there >= 0))[::order]
            told[code[known]] = code[there[known]]

    def _edges(self) -> dict[str, pa.Table]:
        """Edges between points: in a block, and from its last one on. Those from a statement that
        is cut in two to itself are none."""
        code = self._code
        follows = np.flatnonzero(self._block[1:] == self._block[:-1])
        leads = np.full(len(self._filled), _NONE)
        leads[self._src[::-1]] = self._dst[::-1]  # the first of several
        to = self._through(leads)[self._dst]
        crossing = np.flatnonzero(self._filled[self._src] & (to >= 0))
        source = np.concatenate([code[follows], code[self._end[self._src[crossing]] - 1]])
        target = np.concatenate([code[follows + 1], code[self._begin[to[crossing]]]])
        way = np.concatenate([np.full(len(follows), NEXT), self._way[crossing]])
        cut = (source == target) & ((way == NEXT) | (way >= SWALLOW))
        return self._table(FlowEdge, source[~cut], target[~cut], way[~cut])

    def _controls(self) -> dict[str, pa.Table]:
        """What tests, loops and cases decide; not what depends on nothing being raised before."""
        block, by, way = dominance.controls(*self._kept, self._ipdom.tolist())
        chosen = (way > NEXT) & (way < BREAK) & self._filled[by]
        block, by, way = block[chosen], by[chosen], way[chosen]
        counts = self._end[block] - self._begin[block]
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        controlled = self._code[np.repeat(self._begin[block], counts) + offset]
        controller = np.repeat(self._code[self._end[by] - 1], counts)
        return self._table(Control, controlled, controller, np.repeat(way, counts))

    def _table(
        self, struct: type[FlowEdge | Control], a: Ints, b: Ints, way: Ints
    ) -> dict[str, pa.Table]:
        """One row for each pair of codes, in order of the first, with the lowest way."""
        order = np.lexsort((way, b, a))
        a, b, way = a[order], b[order], way[order]
        new = np.ones(len(a), np.bool_)
        new[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
        a, b, way = a[new], b[new], way[new]
        columns = (self._file[a], self._keys[a], self._keys[b], coded(way, WAYS))
        return self._sorted(struct, *columns)

    def _sorted(
        self, struct: type[FlowEdge | Control | DefUse], *columns: Column
    ) -> dict[str, pa.Table]:
        """The table, sorted by file."""
        names = [n for n in struct.__struct_fields__ if n not in ("file_id", "witness")]
        made = table(struct, dict(zip(["file", *names], columns, strict=True)))
        [(name, rows)] = made.items()
        order = np.argsort(rows["file"].to_numpy(), kind="stable")
        return {name: rows.take(pa.array(order))}

    def _reaching(self) -> dict[str, pa.Table]:
        items, elsewhere = self.items()
        entry = np.repeat(self._first[:-1], np.diff(self._first))
        found: Reaching = reaching(
            items, np.stack([self._src, self._dst])[:, self._idom[self._src] >= 0], entry
        )
        known = np.bincount(found.use, minlength=len(items.row))
        others = found.other | elsewhere[items.variable]
        candidates = (known + others)[found.use]
        order = np.lexsort((items.row[found.binding], items.row[found.use]))
        use, binding = items.row[found.use][order], items.row[found.binding][order]
        candidates = candidates[order]
        return self._sorted(
            DefUse,
            self._file[use],
            self._keys[use],
            self._keys[binding],
            coded((candidates > 1).astype(np.int32), ("certain", "possible")),
            np.round(1.0 / candidates, 3),
        )

    def items(self) -> tuple[Items, npt.NDArray[np.bool_]]:
        """Bindings and uses of variables, one for each definition that names it; and of each,
        whether other definitions may bind it, too."""
        forest, scopes = self._forest, self._scopes
        read = (forest.context[scopes.uses] == LOAD) | _AUGMENTED[forest.role[scopes.uses]]
        read &= scopes.found >= 0
        annotated = kinds("AnnAssign")[forest.kind[forest.parent[scopes.binders]]]
        valued = np.zeros(forest.size, np.bool_)
        valued[forest.parent[forest.rows_in(roles("AnnAssign.value"))]] = True
        wrote = ~annotated | valued[forest.parent[scopes.binders]]
        ends = np.array(self._blocks.unbound, np.int64).reshape(-1, 2)
        handlers, last = ends[ends[:, 1] >= 0].T
        caught = scopes.binding[np.searchsorted(scopes.binders, handlers)]
        rows = np.concatenate([scopes.uses[read], scopes.binders[wrote], handlers])
        variable = np.concatenate([scopes.found[read], scopes.binding[wrote], caught])
        index = np.arange(len(rows))
        binds, ended = index >= np.count_nonzero(read), index >= len(rows) - len(handlers)
        runs = forest.definition[forest.scope[rows]].astype(np.int64)
        foreign = runs != forest.definition[scopes.scope[variable]]
        shared = np.zeros(len(scopes.scope) + 1, np.bool_)
        shared[variable[binds & foreign]] = True
        _, each = np.unique(variable * (len(self.exits) + 1) + runs, return_inverse=True)
        elsewhere = np.zeros(len(each) + 1, np.bool_)
        elsewhere[each] = foreign | shared[variable]
        block, place = self._places(rows, binds, runs)
        block[ended], place[ended] = last, 2 * forest.size
        chosen = np.flatnonzero(self._idom[block] >= 0)
        chosen = chosen[np.lexsort((place[chosen], block[chosen], each[chosen]))]
        kills = (binds & (forest.context[rows] == DEL)) | ended
        rows, each, block = rows[chosen], each[chosen], block[chosen]
        return Items(rows, each, block, binds[chosen], kills[chosen]), elsewhere

    def _places(self, rows: Ints, binds: npt.NDArray[np.bool_], runs: Ints) -> tuple[Ints, Ints]:
        """Block of each item, and its place among those of the block: a binding comes after what
        its statement or `:=` evaluates, a parameter first."""
        forest, parts = self._forest, self._parts
        anchor = parts.anchor(rows)
        lands = np.full(forest.size, _NONE)
        lands[list(self._blocks.lands)] = list(self._blocks.lands.values())
        walrus, parameter = _NAMED[forest.role[rows]], _ARGUMENT[forest.kind[rows]]
        landed = np.where(binds & ~walrus & ~parameter, lands[anchor], _NONE)
        late = (landed >= 0) & ~_BINDS_IN_PLACE[forest.kind[anchor]]
        until = np.where(walrus, forest.parent[rows], np.where(late, anchor, rows))
        at = np.where(walrus | late, parts.ends(until), rows)
        place = 2 * at + binds
        marks = np.array(self._blocks.marks, np.int64).reshape(-1, 2)
        marked, block = marks.T
        home = np.searchsorted(self._first, block, "right") - 1
        key = home * (forest.size + 1) + marked
        order = np.argsort(key, kind="stable")
        found = np.searchsorted(key[order], runs * (forest.size + 1) + at, "right") - 1
        natural = block[order][found]
        strange = (found < 0) | (home[order][found] != runs) | parameter
        natural = np.where(strange, self._first[runs], natural)
        place[parameter] = _NONE
        return np.where(landed >= 0, landed, natural), place
