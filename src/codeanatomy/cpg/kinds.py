"""Node and edge kinds of the graph, and the one table from ast classes to (kind, name).

Kinds are those of the Code Property Graph specification 1.1 where it has one; `standard` says so.
Operators and displays are CALL nodes named `<operator>.xxx`, as in the standard; a *call site* in
any figure is an `ast.Call` and nothing else.
"""

import msgspec


class NodeKind(msgspec.Struct, frozen=True):
    """A kind of node: its name, whether the CPG standard has it, and what it stands for."""

    kind: str
    standard: bool
    meaning: str


class EdgeKind(msgspec.Struct, frozen=True):
    """A kind of edge: its meaning, and whether its ordinal tells several edges of a pair apart."""

    kind: str
    standard: bool
    meaning: str
    ordinal: str = ""


NODE_KINDS = (
    NodeKind("FILE", True, "a scanned file"),
    NodeKind("NAMESPACE_BLOCK", True, "a module"),
    NodeKind("TYPE_DECL", True, "a class, or an external one"),
    NodeKind(
        "METHOD", True, "a function, lambda, module body <module>, class body <body>, external"
    ),
    NodeKind("METHOD_PARAMETER_IN", True, "a parameter"),
    NodeKind("TYPE_PARAMETER", True, "a type parameter (PEP 695)"),
    NodeKind("MEMBER", True, "an attribute of the instances of a class, set by its methods"),
    NodeKind("LOCAL", True, "a variable of a module, class, function or comprehension"),
    NodeKind("CALL", True, "a call, or an operator named <operator>.xxx"),
    NodeKind("IDENTIFIER", True, "a name"),
    NodeKind("FIELD_IDENTIFIER", True, "the b of a.b"),
    NodeKind("LITERAL", True, "a constant"),
    NodeKind("RETURN", True, "return"),
    NodeKind(
        "CONTROL_STRUCTURE", True, "if, for, while, try, with, match, raise, yield, break ..."
    ),
    NodeKind("JUMP_TARGET", True, "a case of match"),
    NodeKind("BLOCK", True, "an import statement, holding its IMPORT nodes"),
    NodeKind("IMPORT", True, "one imported name"),
    NodeKind("ANNOTATION", True, "a decorator"),
    NodeKind("COMMENT", True, "a comment"),
    NodeKind("UNKNOWN", True, "a construct without a fitting kind; its name is the ast class"),
    NodeKind("KEYWORD_ARGUMENT", False, "name=value in a call or class statement"),
    NodeKind("EXTERNAL", False, "a thing outside the repository, named by its import path"),
)

EDGE_KINDS = (
    EdgeKind("AST", True, "parent to child in the syntax tree"),
    EdgeKind("CONTAINS", True, "file, function or body to every node it evaluates"),
    EdgeKind("SOURCE_FILE", True, "module, class, function or comment to its file"),
    EdgeKind("REF", True, "identifier or field to what it means"),
    EdgeKind("ARGUMENT", True, "call to argument expression", "order in the call, from 0"),
    EdgeKind("RECEIVER", True, "call to the object whose method is called"),
    EdgeKind("IMPORTS", True, "import to the module, definition, variable or external it names"),
    EdgeKind("INHERITS_FROM", True, "class to its base", "order of the base"),
    EdgeKind("CAPTURE", True, "function or class body to a variable of an enclosing function"),
    EdgeKind("CALL", True, "call site to what it calls"),
    EdgeKind("DECORATED_BY", False, "definition to the function or class that decorates it"),
)

# ast class (with its operator) -> kind, name; name None keeps the node's own name
_OPERATORS = {
    "BinOp.Add": "addition",
    "BinOp.Sub": "subtraction",
    "BinOp.Mult": "multiplication",
    "BinOp.MatMult": "matMult",
    "BinOp.Div": "division",
    "BinOp.FloorDiv": "floorDiv",
    "BinOp.Mod": "modulo",
    "BinOp.Pow": "exponentiation",
    "BinOp.LShift": "shiftLeft",
    "BinOp.RShift": "arithmeticShiftRight",
    "BinOp.BitOr": "or",
    "BinOp.BitXor": "xor",
    "BinOp.BitAnd": "and",
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
    "Assign": "assignment",
    "AnnAssign": "assignment",
    "NamedExpr": "assignment",
    "AugAssign.Add": "assignmentPlus",
    "AugAssign.Sub": "assignmentMinus",
    "AugAssign.Mult": "assignmentMultiplication",
    "AugAssign.MatMult": "assignmentMatMult",
    "AugAssign.Div": "assignmentDivision",
    "AugAssign.FloorDiv": "assignmentFloorDiv",
    "AugAssign.Mod": "assignmentModulo",
    "AugAssign.Pow": "assignmentExponentiation",
    "AugAssign.LShift": "assignmentShiftLeft",
    "AugAssign.RShift": "assignmentArithmeticShiftRight",
    "AugAssign.BitOr": "assignmentOr",
    "AugAssign.BitXor": "assignmentXor",
    "AugAssign.BitAnd": "assignmentAnd",
    "Attribute": "fieldAccess",
    "Subscript": "indexAccess",
    "Slice": "slice",
    "Starred": "starredUnpack",
    "List": "listLiteral",
    "Tuple": "tupleLiteral",
    "Set": "setLiteral",
    "Dict": "dictLiteral",
    "ListComp": "listComp",
    "SetComp": "setComp",
    "DictComp": "dictComp",
    "GeneratorExp": "genExp",
    "IfExp": "conditional",
    "Await": "await",
    "JoinedStr": "formatString",
    "TemplateStr": "templateString",
    "FormattedValue": "formattedValue",
    "Interpolation": "formattedValue",
    "Delete": "delete",
    "Assert": "assert",
    "Pass": "pass",
    "TypeAlias": "typeAlias",
    "MatchValue": "matchValue",
    "MatchSingleton": "matchSingleton",
    "MatchSequence": "matchSequence",
    "MatchMapping": "matchMapping",
    "MatchClass": "matchClass",
    "MatchStar": "matchStar",
    "MatchAs": "matchAs",
    "MatchOr": "matchOr",
}
_CONTROL = {
    "If": "IF",
    "For": "FOR",
    "AsyncFor": "FOR",
    "comprehension": "FOR",
    "While": "WHILE",
    "Try": "TRY",
    "TryStar": "TRY",
    "ExceptHandler": "CATCH",
    "With": "WITH",
    "AsyncWith": "WITH",
    "Match": "MATCH",
    "Raise": "THROW",
    "Break": "BREAK",
    "Continue": "CONTINUE",
    "Yield": "YIELD",
    "YieldFrom": "YIELD",
}
CONSTRUCTS: dict[str, tuple[str, str | None]] = {
    "Module": ("NAMESPACE_BLOCK", None),
    "ClassDef": ("TYPE_DECL", None),
    "FunctionDef": ("METHOD", None),
    "AsyncFunctionDef": ("METHOD", None),
    "Lambda": ("METHOD", None),
    "arg": ("METHOD_PARAMETER_IN", None),
    "TypeVar": ("TYPE_PARAMETER", None),
    "ParamSpec": ("TYPE_PARAMETER", None),
    "TypeVarTuple": ("TYPE_PARAMETER", None),
    "Name": ("IDENTIFIER", None),
    "Call": ("CALL", None),
    "Constant": ("LITERAL", None),
    "keyword": ("KEYWORD_ARGUMENT", None),
    "Return": ("RETURN", None),
    "match_case": ("JUMP_TARGET", "case"),
    "Import": ("BLOCK", "import"),
    "ImportFrom": ("BLOCK", "import"),
    "alias": ("IMPORT", None),
    "Global": ("UNKNOWN", "global"),
    "Nonlocal": ("UNKNOWN", "nonlocal"),
    "Interactive": ("UNKNOWN", None),
    "Unknown": ("UNKNOWN", None),
    **{k: ("CALL", f"<operator>.{v}") for k, v in _OPERATORS.items()},
    **{k: ("CONTROL_STRUCTURE", v) for k, v in _CONTROL.items()},
}
