"""Which nodes of LibCST are which constructs of `ast`, and where `ast` has them stand."""

from collections.abc import Callable
from typing import Any

import libcst as cst

from codeanatomy_cst.concrete import Concrete, Place

# what it is in the grammar, its ast class, its place by `ast`, and its place with its trivia
Row = tuple[str, str, Place, Place]
Names = dict[type[cst.CSTNode], str]

_STATEMENTS: Names = {
    **{c: c.__name__ for c in (cst.ClassDef, cst.While, cst.If, cst.Match, cst.Try, cst.TryStar)},
    **{c: c.__name__ for c in (cst.FunctionDef, cst.For, cst.With)},
}
_SMALL: Names = {
    **{c: c.__name__ for c in (cst.Return, cst.Pass, cst.Break, cst.Continue, cst.Raise)},
    **{c: c.__name__ for c in (cst.Assert, cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal)},
    **{c: c.__name__ for c in (cst.Assign, cst.AugAssign, cst.AnnAssign, cst.TypeAlias)},
    cst.Del: "Delete",
}
_EXPRESSIONS: Names = {
    **{c: c.__name__ for c in (cst.Attribute, cst.Subscript, cst.Call, cst.Lambda, cst.Await)},
    **{c: c.__name__ for c in (cst.IfExp, cst.NamedExpr, cst.List, cst.Set, cst.Dict, cst.Tuple)},
    **{c: c.__name__ for c in (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)},
    **dict.fromkeys((cst.Integer, cst.Float, cst.Imaginary, cst.Ellipsis), "Constant"),
    cst.UnaryOperation: "UnaryOp",
    cst.BinaryOperation: "BinOp",
    cst.BooleanOperation: "BoolOp",
    cst.Comparison: "Compare",
    cst.Slice: "Slice",
    cst.SimpleString: "Constant",
    cst.FormattedString: "JoinedStr",
    cst.TemplatedString: "TemplateStr",
    cst.FormattedStringExpression: "FormattedValue",
    cst.TemplatedStringExpression: "Interpolation",
}
_PATTERNS: Names = {
    **{c: c.__name__ for c in (cst.MatchSingleton, cst.MatchOr, cst.MatchClass)},
    **{c: c.__name__ for c in (cst.MatchMapping, cst.MatchAs)},
    **dict.fromkeys((cst.MatchList, cst.MatchTuple), "MatchSequence"),
}
_PLAIN: dict[type[cst.CSTNode], tuple[str, str]] = {
    **{c: ("statement", name) for c, name in _STATEMENTS.items()},
    **{c: ("expression", name) for c, name in _EXPRESSIONS.items()},
    **{c: ("pattern", name) for c, name in _PATTERNS.items()},
    cst.Module: ("module", "Module"),
    **dict.fromkeys((cst.ImportAlias, cst.ImportStar), ("element", "alias")),
    cst.StarredElement: ("element", "Starred"),
    **dict.fromkeys((cst.ExceptHandler, cst.ExceptStarHandler), ("clause", "ExceptHandler")),
}


class Constructs:
    """The rows of a concrete syntax, children first."""

    def __init__(self, found: Concrete) -> None:
        self._own, self._whole, self._tokens = found.own, found.whole, found.tokens
        self._known: dict[int, str] = {}  # ast classes of expressions, by ids of their nodes
        self.rows: list[Row] = []
        for node in found.nodes:
            kind = node.__class__
            if plain := _PLAIN.get(kind):
                if kind in _ENCLOSED:
                    self._enclose(node)
                self._add(node, *plain)
            elif special := _SPECIAL.get(kind):
                special(self, node)

    def _add(self, node: cst.CSTNode, what: str, construct: str) -> None:
        """A row of a node that stands where LibCST has it."""
        if getattr(node, "asynchronous", None) is not None:
            construct = f"Async{construct}"
        self._known[id(node)] = construct
        self._put(what, construct, self._own[id(node)], node)

    def _put(self, what: str, construct: str, own: Place, node: cst.CSTNode) -> None:
        """A row with the trivia of a node. The parentheses of a call may be those of a generator,
        which LibCST has without them."""
        start, end = self._whole[id(node)]
        self.rows.append((what, construct, own, (min(start, own[0]), max(end, own[1]))))

    def _as(self, node: cst.CSTNode, what: str, inner: cst.CSTNode) -> None:
        """A row of the construct that an expression is, with the trivia of the node around it."""
        if construct := self._known.get(id(inner)):
            self._put(what, construct, self._own[id(inner)], node)

    def _enclose(self, node: cst.CSTNode) -> None:
        """Take the innermost parentheses of a tuple or generator into its place."""
        start, end = self._own[id(node)]
        if isinstance(node, cst.GeneratorExp) or getattr(node, "lpar", None):
            start -= 1
            while self._tokens[start] != "(":
                start -= 1
            self._own[id(node)] = start, self._tokens.index(")", end) + 1

    def _name(self, node: cst.Name) -> None:
        constant = node.value in ("None", "True", "False")
        self._add(node, "expression", "Constant" if constant else "Name")

    def _strings(self, node: cst.ConcatenatedString) -> None:
        kinds, part = set(), node.right
        while isinstance(part, cst.ConcatenatedString):
            kinds.add(self._known[id(part.left)])
            part = part.right
        kinds |= {self._known[id(node.left)], self._known[id(part)]}
        order = ("TemplateStr", "JoinedStr", "Constant")
        self._add(node, "expression", next(kind for kind in order if kind in kinds))

    def _yield(self, node: cst.Yield) -> None:
        self._add(node, "expression", "YieldFrom" if isinstance(node.value, cst.From) else "Yield")

    def _line(self, node: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> None:
        """Small statements; what stands alone on its line has the trivia of the line."""
        for one in node.body:
            alone = len(node.body) == 1 and isinstance(node, cst.SimpleStatementLine)
            if alone:
                self._whole[id(one)] = self._whole[id(node)]
            if isinstance(one, cst.Expr):
                self._as(one, "statement", one.value)
            elif construct := _SMALL.get(one.__class__):
                self._add(one, "statement", construct)

    def _decorator(self, node: cst.Decorator) -> None:
        self._put("clause", "Decorator", self._own[id(node.decorator)], node)

    def _case(self, node: cst.MatchCase) -> None:
        last: cst.CSTNode = node.body.body[-1]
        if isinstance(last, cst.SimpleStatementLine):
            last = last.body[-1]
        last = last.value if isinstance(last, cst.Expr) else last
        place = (self._own[id(node.pattern)][0], self._own[id(last)][1])
        self._put("clause", "match_case", place, node)

    def _value(self, node: cst.MatchValue) -> None:
        self._put("pattern", "MatchValue", self._own[id(node.value)], node)

    def _star(self, node: cst.MatchStar) -> None:
        start = self._own[id(node)][0]
        end = self._own[id(node.name)][1] if node.name else self._tokens.index("_", start) + 1
        self._put("pattern", "MatchStar", (start, end), node)

    def _comprehension(self, node: cst.CompFor) -> None:
        last, inner = node.ifs[-1].test if node.ifs else node.iter, node.inner_for_in
        place = (self._own[id(node.target)][0], self._own[id(last)][1])
        start, end = self._whole[id(node)]
        end = end if inner is None else self._whole[id(inner)][0]
        self.rows.append(("clause", "comprehension", place, (start, end)))

    def _argument(self, node: cst.Arg) -> None:
        if node.keyword is not None or node.star == "**":
            self._add(node, "element", "keyword")
        elif node.star:
            self._add(node, "element", "Starred")
        else:
            self._as(node, "element", node.value)

    def _subscript(self, node: cst.SubscriptElement) -> None:
        index = node.slice
        if isinstance(index, cst.Index) and index.star:
            self._add(node, "element", "Starred")
        else:
            self._as(node, "element", index.value if isinstance(index, cst.Index) else index)

    def _parameter(self, node: cst.Param) -> None:
        start, end = self._own[id(node.name)]
        if node.annotation is not None:
            end = self._whole[id(node.annotation)][1]
        self._put("element", "arg", (start, end), node)

    def _type_parameter(self, node: cst.TypeParam) -> None:
        start, end = self._own[id(node.param)]
        if node.default is not None:
            end = self._whole[id(node.default)][1]
        self._put("element", node.param.__class__.__name__, (start, end), node)


_ENCLOSED = (cst.Tuple, cst.GeneratorExp, cst.MatchTuple)
# each takes nodes of its key
_SPECIAL: dict[type[cst.CSTNode], Callable[[Constructs, Any], None]] = {
    cst.Name: Constructs._name,
    cst.ConcatenatedString: Constructs._strings,
    cst.Yield: Constructs._yield,
    cst.SimpleStatementLine: Constructs._line,
    cst.SimpleStatementSuite: Constructs._line,
    cst.Decorator: Constructs._decorator,
    cst.MatchCase: Constructs._case,
    cst.MatchValue: Constructs._value,
    cst.MatchStar: Constructs._star,
    cst.CompFor: Constructs._comprehension,
    cst.Arg: Constructs._argument,
    cst.Element: lambda rows, node: rows._as(node, "element", node.value),
    cst.WithItem: lambda rows, node: rows._as(node, "element", node.item),
    cst.SubscriptElement: Constructs._subscript,
    cst.Param: Constructs._parameter,
    cst.TypeParam: Constructs._type_parameter,
}
