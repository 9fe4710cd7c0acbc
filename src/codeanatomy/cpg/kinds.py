"""Node and edge kinds of the graph, and the one table from ast classes to (kind, name).

Kinds are those of the Code Property Graph specification 1.1 where it has one; `standard` says so.
Operators and displays are CALL nodes named `<operator>.xxx`, as in the standard; a *call site* in
any figure is an `ast.Call` and nothing else.
"""

from collections.abc import Iterable
from functools import partial

import msgspec

from codeanatomy.facts.errors import UsageError, nearest
from codeanatomy.semantic.declare import PARSED, Entity, Relation


class Kind(msgspec.Struct, frozen=True):
    """A kind of node or edge: its name, whether the CPG standard has it, and what it stands for; of
    edges also whether the ordinal tells several of one pair apart; and its layer."""

    kind: str
    standard: bool
    meaning: str
    ordinal: str = ""
    layer: str = "syntax"


_meaning, _flow = (partial(Kind, layer=layer) for layer in ("meaning", "flow"))

NODE_KINDS = (
    Kind("FILE", True, "a scanned file"),
    Kind("NAMESPACE_BLOCK", True, "a module"),
    Kind("TYPE_DECL", True, "a class, or an external one"),
    Kind("METHOD", True, "function, lambda, module body <module>, class body <body>, external"),
    Kind("METHOD_RETURN", True, "where a function or body is left"),
    Kind("METHOD_PARAMETER_IN", True, "a parameter"),
    Kind("TYPE_PARAMETER", True, "a type parameter (PEP 695)"),
    _meaning("MEMBER", True, "an attribute of the instances of a class, set by its methods"),
    _meaning("LOCAL", True, "a variable of a module, class, function or comprehension"),
    Kind("CALL", True, "a call, or an operator named <operator>.xxx"),
    Kind("IDENTIFIER", True, "a name"),
    Kind("FIELD_IDENTIFIER", True, "the b of a.b"),
    Kind("LITERAL", True, "a constant"),
    Kind("RETURN", True, "return"),
    Kind("CONTROL_STRUCTURE", True, "if, for, while, try, with, match, raise, yield ..."),
    Kind("JUMP_TARGET", True, "a case of match"),
    Kind("BLOCK", True, "an import statement, holding its IMPORT nodes"),
    Kind("IMPORT", True, "one imported name"),
    Kind("ANNOTATION", True, "a decorator"),
    Kind("COMMENT", True, "a comment"),
    Kind("UNKNOWN", True, "a construct without a fitting kind; its name is the ast class"),
    Kind("KEYWORD_ARGUMENT", False, "name=value in a call or class statement"),
    _meaning("EXTERNAL", False, "a thing outside the repository, named by its import path"),
)

EDGE_KINDS = (
    Kind("AST", True, "parent to child in the syntax tree"),
    Kind("CONTAINS", True, "file, function or body to every node it evaluates"),
    Kind("SOURCE_FILE", True, "module, class, function or comment to its file"),
    _meaning("REF", True, "identifier or field to what it means"),
    Kind("ARGUMENT", True, "call to argument expression", "order in the call, from 0"),
    Kind("RECEIVER", True, "call to the object whose method is called"),
    _meaning("IMPORTS", True, "import to the module, definition, variable or external it names"),
    _meaning("INHERITS_FROM", True, "class to its base", "order of the base"),
    _meaning("CAPTURE", True, "function or class body to a variable of an enclosing function"),
    _meaning("MRO", False, "class to each class of its resolution order", "place in the order"),
    _meaning("OVERRIDES", False, "method to the next one of that name in its class's order"),
    _meaning("INSTANTIATES", False, "call site to the class that it makes an instance of"),
    _meaning(
        "EVAL_TYPE", True, "expression, parameter, variable or return to a class of its value"
    ),
    _meaning("CALL", True, "call site to what it calls"),
    _meaning("PARAMETER_LINK", False, "argument or receiver to a parameter that it fills"),
    _meaning("BINDS", False, "module, class or function to what its names are bound to"),
    _meaning("READS", False, "function or body to a variable of another scope that it reads"),
    _meaning("WRITES", False, "function or body to a variable of another scope that it sets"),
    _meaning("EXPORTS", False, "module to a thing of its own that `import *` takes from it"),
    _meaning("RE_EXPORTS", False, "module to a thing of another one that it gives on"),
    _meaning("TESTS", False, "test, as pytest or unittest find it, to what it calls elsewhere"),
    _flow("CFG", True, "node to one that may be evaluated next"),
    _flow("DOMINATE", True, "last node that every way from the entry to a node passes, to it"),
    _flow("POST_DOMINATE", True, "first node that every way from a node to the exit passes, to it"),
    _flow("CDG", True, "test, loop or case to a node that is evaluated or not as it decides"),
    _flow("REACHING_DEF", True, "binding of a local variable to a use that may see its value"),
    Kind("YIELDS", False, "function to a `yield` or `yield from` that it runs"),
    Kind("AWAITS", False, "function to an `await` that it runs"),
    Kind("RAISES", False, "function or body to a `raise` statement that it runs"),
    Kind("HANDLES", False, "function or body to an `except` clause that it runs"),
    _meaning("DECORATED_BY", False, "definition to the function or class that decorates it"),
)

LAYERS = {
    "syntax": "trees, containment, arguments; every other layer stands on it",
    "meaning": "what names, imports, classes and calls refer to, as scope rules and the solver say",
    "flow": "control and data flow inside one definition",
}


def selected(asked: Iterable[str]) -> dict[type, frozenset[str]]:
    """The kinds of these layers, or of these kinds of edges with what their layers tell by nodes,
    and of the syntax that all stand on: of entities, of relations; nothing when nothing is asked.

    UsageError for a layer that there is not.
    """
    asked = frozenset(asked)
    layers = {k.kind: k.layer for k in EDGE_KINDS} | {layer: layer for layer in LAYERS}
    if unknown := sorted(asked - layers.keys()):
        raise UsageError(
            f"there is no layer {unknown[0]!r}: layers are {', '.join(LAYERS)}, and kinds of edges"
            f"{nearest(unknown[0], layers)}"
        )
    stand = {"syntax", *(layers[one] for one in asked)}
    nodes = frozenset(k.kind for k in NODE_KINDS if k.layer in stand)
    of_edges = {"syntax", *asked} | {k for k in COLUMNS if layers[k] in stand}
    edges = frozenset(k.kind for k in EDGE_KINDS if not of_edges.isdisjoint((k.kind, k.layer)))
    return {Entity: nodes, Relation: edges} if asked else {}


RULES = {  # what leads to an edge (its origin); of CFG and CDG edges it is the way taken
    "syntax": "the syntax tree says so",
    "scope": "Python's scope rules say so",
    "flow": "dominance or reaching definitions over the control flow of one definition",
    "resolve": "what the resolution solver knows of the class or value",
    "function": "a function itself gets here as a value",
    "method": "an attribute of a receiver whose class is known",
    "override": "a method of an inheriting class, whose instances the receiver may be",
    "constructor": "a class is called; this is what makes the instance",
    "instance": "an attribute that instances of a known class have",
    "external": "an attribute of something outside that stubs declare",
    "undeclared": "an attribute of something outside of which no stubs are known",
    "import": "an import names it",
    "star": "a star import brings the name",
    "global": "a name of the module",
    "builtin": "a name that only builtins have",
    "module": "an attribute of a module",
    "class": "an attribute of a class, or the class itself",
    "super": "the next class in the order of super()",
    "implicit": "syntax, a decorator or a builtin calls it without writing it out",
    "convention": "pytest or unittest finds the test by its names",
}
FLOWING = 0.998  # trust in control and data flow, by the lines of bytecode: see tests/extract
# edges told by a column of their target, where that comes from, and the trust in it
COLUMNS = {
    "AST": ("parent", "syntax", PARSED),
    "CONTAINS": ("container", "syntax", PARSED),
    "DOMINATE": ("dominator", "flow", FLOWING),
    "POST_DOMINATE": ("post_dominator", "flow", FLOWING),
}

# ast class (with its operator) -> kind, name; name None keeps the node's own name
_BINARY = {
    "Add": "addition",
    "Sub": "subtraction",
    "Mult": "multiplication",
    "MatMult": "matMult",
    "Div": "division",
    "FloorDiv": "floorDiv",
    "Mod": "modulo",
    "Pow": "exponentiation",
    "LShift": "shiftLeft",
    "RShift": "arithmeticShiftRight",
    "BitOr": "or",
    "BitXor": "xor",
    "BitAnd": "and",
}
_ASSIGNING = _BINARY | {"Add": "plus", "Sub": "minus"}
_AS_SPELLED = (  # named as Python names them, but for the first letter
    *("Slice", "ListComp", "SetComp", "DictComp", "Await", "FormattedValue", "Delete", "Assert"),
    *("Pass", "TypeAlias", "MatchValue", "MatchSingleton", "MatchSequence", "MatchMapping"),
    *("MatchClass", "MatchStar", "MatchAs", "MatchOr"),
)
_OPERATORS = {
    **{f"BinOp.{k}": v for k, v in _BINARY.items()},
    "BoolOp.And": "logicalAnd",
    "BoolOp.Or": "logicalOr",
    "UnaryOp.Not": "logicalNot",
    "UnaryOp.Invert": "not",
    "UnaryOp.UAdd": "plus",
    "UnaryOp.USub": "minus",
    "Compare.Eq": "equals",
    "Compare.NotEq": "notEquals",
    "Compare.Lt": "lessThan",
    "Compare.LtE": "lessEqualsThan",
    "Compare.Gt": "greaterThan",
    "Compare.GtE": "greaterEqualsThan",
    "Compare.Is": "is",
    "Compare.IsNot": "isNot",
    "Compare.In": "in",
    "Compare.NotIn": "notIn",
    **dict.fromkeys(("Assign", "AnnAssign", "NamedExpr"), "assignment"),
    **{f"AugAssign.{k}": f"assignment{v[0].upper()}{v[1:]}" for k, v in _ASSIGNING.items()},
    "Attribute": "fieldAccess",
    "Subscript": "indexAccess",
    "Starred": "starredUnpack",
    **{k: f"{k.lower()}Literal" for k in ("List", "Tuple", "Set", "Dict")},
    "GeneratorExp": "genExp",
    "IfExp": "conditional",
    "JoinedStr": "formatString",
    "TemplateStr": "templateString",
    "Interpolation": "formattedValue",
    **{k: k[0].lower() + k[1:] for k in _AS_SPELLED},
}
_CONTROL = {
    "IF": ("If",),
    "FOR": ("For", "AsyncFor", "comprehension"),
    "WHILE": ("While",),
    "TRY": ("Try", "TryStar"),
    "CATCH": ("ExceptHandler",),
    "WITH": ("With", "AsyncWith"),
    "MATCH": ("Match",),
    "THROW": ("Raise",),
    "BREAK": ("Break",),
    "CONTINUE": ("Continue",),
    "YIELD": ("Yield", "YieldFrom"),
}
_OWN_NAME = {  # these keep the name they have
    "NAMESPACE_BLOCK": ("Module",),
    "TYPE_DECL": ("ClassDef",),
    "METHOD": ("FunctionDef", "AsyncFunctionDef", "Lambda"),
    "METHOD_PARAMETER_IN": ("arg",),
    "TYPE_PARAMETER": ("TypeVar", "ParamSpec", "TypeVarTuple"),
    "IDENTIFIER": ("Name",),
    "CALL": ("Call",),
    "LITERAL": ("Constant",),
    "KEYWORD_ARGUMENT": ("keyword",),
    "RETURN": ("Return",),
    "IMPORT": ("alias",),
    "UNKNOWN": ("Interactive",),
}
CONSTRUCTS: dict[str, tuple[str, str | None]] = {
    **{construct: (kind, None) for kind, held in _OWN_NAME.items() for construct in held},
    "match_case": ("JUMP_TARGET", "case"),
    **dict.fromkeys(("Import", "ImportFrom"), ("BLOCK", "import")),
    "Global": ("UNKNOWN", "global"),
    "Nonlocal": ("UNKNOWN", "nonlocal"),
    **{k: ("CALL", f"<operator>.{v}") for k, v in _OPERATORS.items()},
    **{k: ("CONTROL_STRUCTURE", name) for name, held in _CONTROL.items() for k in held},
}
