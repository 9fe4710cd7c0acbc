"""Control and data flow of each definition, from the rows of a batch of trees.

Points stand for nodes of the graph; blocks without points are passed through.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.extract.columns import Column, coded, optional, ordered
from codeanatomy.extract.flow import ways
from codeanatomy.extract.flow.blocks import BREAK, NEXT, SWALLOW, WAYS, Blocks
from codeanatomy.extract.flow.parts import Parts
from codeanatomy.extract.flow.ways import NONE, Items
from codeanatomy.extract.forest import DEL, LOAD, Forest, Ints, kinds, roles
from codeanatomy.extract.scopes import Scopes
from codeanatomy.facts.ids import EXIT, expand, mix
from codeanatomy.facts.tables.flow import Control, DefUse, FlowEdge

_BINDS_IN_PLACE = kinds("match_case", "ExceptHandler")  # other anchors bind at their end
_NAMED = roles("NamedExpr.target")
_AUGMENTED = roles("AugAssign.target")
_ARGUMENT = kinds("arg")


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
        self._idom = ways.dominators(self._src, self._dst, self._first[:-1], blocks.count)
        kept = ways.leading_out(self._src, self._dst, self._way, self._idom)
        left, entered, _ = self._kept = self._src[kept], self._dst[kept], self._way[kept]
        # what no way leads out of has no post-dominators
        self._ipdom = ways.dominators(entered, left, self._first[1:] - 1, blocks.count)
        self._above = self._nearest(self._idom, self._first[:-1], -1)
        self._below = self._nearest(self._ipdom, self._first[1:] - 1, 1)

    def tables(self) -> dict[str, pa.Table]:
        """The flow_edge, control and def_use tables."""
        return self._edges() | self._controls() | self._reaching()

    def columns(self, rows: Ints) -> dict[str, Column]:
        """Keys of the statements of the rows, and of the nodes that immediately dominate them and
        post-dominate them."""
        forest = self._forest
        inner = np.flatnonzero(forest.parent[rows] >= 0)
        statement = np.full(len(rows), NONE)
        statement[inner] = self._parts.last(self._parts.statements, rows[inner])
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
        has; NONE if there is none."""
        here = np.arange(len(step))
        to = np.where(self._filled | (step < 0), here, step)
        for _ in range(len(to).bit_length()):
            to = to[to]
        result: Ints = np.where(self._filled[to], to, NONE)
        return result

    def _nearest(self, tree: Ints, roots: Ints, step: int) -> Ints:
        """By code, the codes of the nodes that immediately dominate it (step -1) or post-dominate
        it (step 1), from the tree of the blocks."""
        code, block = self._code, self._block
        index = np.arange(len(code))
        tree = tree.copy()
        tree[roots] = NONE
        entered, left = self._begin, self._end - 1
        near, far = (entered, left) if step < 0 else (left, entered)
        over = np.where(tree[block] < 0, NONE, self._through(tree)[tree[block]])
        outside = np.where(over < 0, NONE, far[over])
        there = np.where(near[block] == index, outside, index + step)
        known = np.flatnonzero((self._idom[block] >= 0) & (there >= 0))[::step]
        told = np.full(len(self._keys), NONE)
        told[code[known]] = code[there[known]]
        return told

    def _edges(self) -> dict[str, pa.Table]:
        """Edges between points: in a block, and from its last one on. Those from a statement that
        is cut in two to itself are none."""
        code = self._code
        follows = np.flatnonzero(self._block[1:] == self._block[:-1])
        leads = np.full(len(self._filled), NONE)
        leads[self._src[::-1]] = self._dst[::-1]  # the first of several
        to = self._through(leads)[self._dst]
        crossing = np.flatnonzero(self._filled[self._src] & (to >= 0))
        source = np.concatenate([code[follows], code[self._end[self._src[crossing]] - 1]])
        target = np.concatenate([code[follows + 1], code[self._begin[to[crossing]]]])
        way = np.concatenate([np.full(len(follows), NEXT), self._way[crossing]])
        cut = (source == target) & ((way == NEXT) | (way >= SWALLOW))
        return self._steps(FlowEdge, source[~cut], target[~cut], way[~cut])

    def _controls(self) -> dict[str, pa.Table]:
        """What tests, loops and cases decide; not what depends on nothing being raised before."""
        block, by, way = ways.controls(*self._kept, self._ipdom)
        chosen = (way > NEXT) & (way < BREAK) & self._filled[by]
        block, by, way = block[chosen], by[chosen], way[chosen]
        at, of = expand(self._begin[block], self._end[block])
        return self._steps(Control, self._code[at], self._code[self._end[by[of]] - 1], way[of])

    def _steps(
        self, struct: type[FlowEdge | Control], a: Ints, b: Ints, way: Ints
    ) -> dict[str, pa.Table]:
        """One row for each pair of codes, in order of file and the first, with the lowest way."""
        order = np.lexsort((way, b, a, self._file[a]))
        a, b, way = a[order], b[order], way[order]
        new = (np.diff(a, prepend=-1) != 0) | (np.diff(b, prepend=-1) != 0)
        a, b, way = a[new], b[new], way[new]
        return ordered(struct, self._file[a], self._keys[a], self._keys[b], coded(way, WAYS))

    def _reaching(self) -> dict[str, pa.Table]:
        items, elsewhere = self.items()
        entry = np.repeat(self._first[:-1], np.diff(self._first))
        edges = np.stack([self._src, self._dst])[:, self._idom[self._src] >= 0]
        binding, use, other = ways.reaching(items, edges, entry)
        known = np.bincount(use, minlength=len(items.row))
        candidates = (known + (other | elsewhere[items.variable]))[use]
        binding, use = items.row[binding], items.row[use]
        order = np.lexsort((binding, use, self._file[use]))
        binding, use, candidates = binding[order], use[order], candidates[order]
        return ordered(
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
        rows = np.concatenate([scopes.uses[read], scopes.binders[wrote]])
        variable = np.concatenate([scopes.found[read], scopes.binding[wrote]])
        binds = np.arange(len(rows)) >= np.count_nonzero(read)
        runs = forest.definition[forest.scope[rows]].astype(np.int64)
        foreign = runs != forest.definition[scopes.scope[variable]]
        shared = np.zeros(len(scopes.scope) + 1, np.bool_)
        shared[variable[binds & foreign]] = True
        _, each = np.unique(variable * (len(self.exits) + 1) + runs, return_inverse=True)
        elsewhere = np.zeros(len(each) + 1, np.bool_)
        elsewhere[each] = foreign | shared[variable]
        block, place = self._places(rows, binds, runs)
        chosen = np.flatnonzero(self._idom[block] >= 0)
        chosen = chosen[np.lexsort((place[chosen], block[chosen], each[chosen]))]
        kills = binds & (forest.context[rows] == DEL)
        rows, each, block = rows[chosen], each[chosen], block[chosen]
        return Items(rows, each, block, binds[chosen], kills[chosen]), elsewhere

    def _places(self, rows: Ints, binds: npt.NDArray[np.bool_], runs: Ints) -> tuple[Ints, Ints]:
        """Block of each item, and its place among those of the block: a binding comes after what
        its statement or `:=` evaluates, a parameter first."""
        forest, parts = self._forest, self._parts
        anchor = parts.last(parts.anchors, rows)
        lands = np.full(forest.size, NONE)
        lands[list(self._blocks.lands)] = list(self._blocks.lands.values())
        walrus, parameter = _NAMED[forest.role[rows]], _ARGUMENT[forest.kind[rows]]
        landed = np.where(binds & ~walrus & ~parameter, lands[anchor], NONE)
        late = (landed >= 0) & ~_BINDS_IN_PLACE[forest.kind[anchor]]
        until = np.where(walrus, forest.parent[rows], np.where(late, anchor, rows))
        at = np.where(walrus | late, parts.ends[until], rows)
        place = 2 * at + binds
        marks = np.array(self._blocks.marks, np.int64).reshape(-1, 2)
        marked, block = marks.T
        home = np.searchsorted(self._first, block, "right") - 1
        key = 2 * home * (forest.size + 1) + marked
        order = np.argsort(key, kind="stable")
        after = 2 * (runs * (forest.size + 1) + at) + 1
        found = np.searchsorted(key[order], after) - 1
        found += walrus & (np.append(key[order], NONE)[found + 1] == after)  # its own branch's end
        natural = block[order][found]
        strange = (found < 0) | (home[order][found] != runs) | parameter
        natural = np.where(strange, self._first[runs], natural)
        place[parameter] = NONE
        return np.where(landed >= 0, landed, natural), place
