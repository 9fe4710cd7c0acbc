"""Which construct of `ast` is a node of the tolerant grammar, and where do its parts stand?"""

from collections.abc import Mapping, Sequence

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """How nodes of one type are read: `roles` names the field of the construct for each field of
    the grammar, `rest` those of parts without a field, in order (the last for all that follow).

    A construct '' gets no row: its parts stand in its place, which is the field `place` of what is
    around it where that is given. A field '-' is not read. `text` is the field (or type of part)
    that names the row, '.' the node itself. `wraps` reads the node once more in that field. The
    first token with a variant chooses it instead.
    """

    construct: str
    variants: Mapping[str, "Rule"]
    roles: Mapping[str, str]
    rest: str
    text: str
    place: str
    wraps: str


def _of(construct: str = "", variants: Mapping[str, Rule] | None = None, /, **roles: str) -> Rule:
    """A rule; the keywords that are none of its own are fields of the grammar."""
    own = {name: roles.pop(name, "") for name in ("rest", "text", "place", "wraps")}
    return Rule(construct, variants or {}, roles, **own)


def _either(construct: str, tokens: Mapping[str, str], **roles: str) -> Rule:
    """A construct that each of the tokens makes another one of; unknown without any."""
    made = {token: _of(f"{construct}.{name}", **roles) for token, name in tokens.items()}
    return _of("Unknown", made, rest="parts")


def _asynchronous(construct: str, **roles: str) -> Rule:
    return _of(construct, {"async": _of(f"Async{construct}", **roles)}, **roles)


def _pairs(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (pair.rpartition(" ") for pair in text.split(", "))}


_BINARY = _pairs(
    "+ Add, - Sub, * Mult, @ MatMult, / Div, % Mod, // FloorDiv, ** Pow, | BitOr, & BitAnd, "
    "^ BitXor, << LShift, >> RShift"
)
_COMPARE = _pairs(
    "== Eq, != NotEq, <> NotEq, < Lt, <= LtE, > Gt, >= GtE, in In, not in NotIn, is Is, "
    "is not IsNot"
)
_NUMBERS = ("integer", "float", "true", "false", "none", "ellipsis")
_TUPLE = _of("Tuple", rest="elts")
_FORMATTED = {"expression": "value", "format_specifier": "format_spec"}
_DEFINED = _pairs(
    "decorator decorator_list, type_parameters type_params, superclasses bases, "
    "parameters parameters, return_type returns, body body"
)
_STARS = ("list_splat", "list_splat_pattern", "splat_type")
_WORDS = ("Pass", "Break", "Continue", "Global", "Nonlocal")
_ANNOTATED = _of("AnnAssign", left="target", type="annotation", right="value")
INSIDE = _of()
UNKNOWN = _of("Unknown", rest="parts")

RULES = {
    **dict.fromkeys(("parenthesized_expression", "parenthesized_list_splat", "type"), INSIDE),
    **dict.fromkeys(("block", "if_clause", "decorator", "as_pattern_target"), INSIDE),
    # statements
    "expression_statement": _of("", {",": _TUPLE}),
    "assignment": _of("Assign", {":": _ANNOTATED}, left="targets", right="value"),
    "augmented_assignment": _either(
        "AugAssign", {f"{t}=": c for t, c in _BINARY.items()}, left="target", right="value"
    ),
    "return_statement": _of("Return", rest="value"),
    "assert_statement": _of("Assert", rest="test msg"),
    **{f"{name.lower()}_statement": _of(name, rest="-") for name in _WORDS},
    "delete_statement": _of("Delete", rest="targets"),
    "raise_statement": _of("Raise", rest="exc", cause="cause"),
    "import_statement": _of("Import", name="names"),
    "import_from_statement": _of("ImportFrom", text="module_name", name="names", rest="names"),
    "future_import_statement": _of("ImportFrom", name="names"),
    "if_statement": _of("If", condition="test", consequence="body", alternative="orelse"),
    "elif_clause": _of("If", condition="test", consequence="body", alternative="orelse"),
    "else_clause": _of(place="orelse"),
    "for_statement": _asynchronous(
        "For", left="target", right="iter", body="body", alternative="orelse"
    ),
    "while_statement": _of("While", condition="test", body="body", alternative="orelse"),
    "try_statement": _of("Try", body="body", rest="handlers"),
    "except_clause": _of("ExceptHandler", value="type", rest="body"),
    "finally_clause": _of(place="finalbody"),
    "with_statement": _asynchronous("With", value="context_expr", body="body"),
    "match_statement": _of("Match", subject="subject", body="cases"),
    "case_clause": _of("match_case", rest="pattern", guard="guard", consequence="body"),
    "type_alias_statement": _of("TypeAlias", left="name", right="value"),
    # definitions
    "function_definition": _asynchronous("FunctionDef", text="name", **_DEFINED),
    "class_definition": _of("ClassDef", text="name", **_DEFINED),
    "lambda": _of("Lambda", parameters="parameters", body="body"),
    # expressions
    "identifier": _of("Name", text="."),
    "dotted_name": _of("Name", {".": _of("Attribute", text=".")}, text="."),
    "attribute": _of("Attribute", text="attribute", object="value"),
    "call": _of("Call", function="func", arguments="args"),
    "keyword_argument": _of("keyword", place="keywords", text="name", value="value"),
    "dictionary_splat": _of("keyword", place="keywords", rest="value"),
    "subscript": _of("Subscript", value="value", subscript="slice"),
    "generic_type": _of("Subscript", rest="value slice"),
    "slice": _of("Slice", rest="lower upper step"),  # the colons count
    "binary_operator": _either("BinOp", _BINARY, left="left", right="right"),
    "union_type": _of("BinOp.BitOr", rest="left right"),
    "unary_operator": _either(
        "UnaryOp", {"-": "USub", "+": "UAdd", "~": "Invert"}, argument="operand"
    ),
    "case_pattern": _either("UnaryOp", {"-": "USub"}, rest="operand"),  # of a number
    "not_operator": _of("UnaryOp.Not", argument="operand"),
    "boolean_operator": _either("BoolOp", {"and": "And", "or": "Or"}, rest="values"),
    "comparison_operator": _either("Compare", _COMPARE, rest="left comparators"),
    "conditional_expression": _of("IfExp", rest="body test orelse"),
    "named_expression": _of("NamedExpr", name="target", value="value"),
    "await": _of("Await", rest="value"),
    "yield": _of("Yield", {"from": _of("YieldFrom", rest="value")}, rest="value"),
    **dict.fromkeys(_STARS, _of("Starred", rest="value")),
    **dict.fromkeys(("tuple", "expression_list", "pattern_list"), _TUPLE),
    **dict.fromkeys(("list", "list_pattern"), _of("List", rest="elts")),
    "tuple_pattern": _of("", {",": _TUPLE}),  # `(a) = 1` is read as one
    "set": _of("Set", rest="elts"),
    "dictionary": _of("Dict", rest="values"),
    "pair": _of(key="keys", value="values"),
    "list_comprehension": _of("ListComp", body="elt", rest="generators"),
    "set_comprehension": _of("SetComp", body="elt", rest="generators"),
    "generator_expression": _of("GeneratorExp", body="elt", rest="generators"),
    "dictionary_comprehension": _of("DictComp", body="key", rest="generators"),
    "for_in_clause": _of("comprehension", left="target", right="iter", rest="ifs"),
    # literals; strings with expressions in them are read apart
    **dict.fromkeys((*_NUMBERS, "string", "concatenated_string"), _of("Constant")),
    **dict.fromkeys(("interpolation", "format_expression"), _of("FormattedValue", **_FORMATTED)),
    "format_specifier": _of("JoinedStr"),
}

_SEQUENCE = _of("MatchSequence", rest="patterns")
_PATTERNS = {
    "case_pattern": _of("", {"_": _of("MatchAs"), "-": _of("MatchValue", wraps="value")}),
    "dotted_name": _of("MatchAs", {".": _of("MatchValue", wraps="value")}, text="."),
    "as_pattern": _of("MatchAs", text="identifier", rest="pattern -"),
    "splat_pattern": _of("MatchStar", text="."),
    "union_pattern": _of("MatchOr", rest="patterns"),
    "list_pattern": _SEQUENCE,
    "tuple_pattern": _of("", {",": _SEQUENCE}),
    "dict_pattern": _of("MatchMapping", text="splat_pattern", key="keys", value="patterns"),
    "class_pattern": _of("MatchClass", rest="cls patterns"),
    "keyword_pattern": _of(place="kwd_patterns", rest="- kwd_patterns"),
    **dict.fromkeys(("true", "false", "none"), _of("MatchSingleton")),
    "": _of("MatchValue", wraps="value"),
}
# rules that hold only in these roles (of these fields)
_WITHIN = {
    "Assign.value": {"assignment": _of(left="targets", right="value")},
    "Delete.targets": {"expression_list": INSIDE},
    ".context_expr": {"as_pattern": _of(rest="context_expr", alias="optional_vars")},
    "ExceptHandler.type": {"as_pattern": _of(rest="type", alias="-")},
    "TypeAlias.name": {"generic_type": _of(rest="name type_params")},
    "Dict.values": {"dictionary_splat": INSIDE},
    "DictComp.key": {"pair": _of(key="key", value="value")},
    "TemplateStr.values": {"interpolation": _of("Interpolation", **_FORMATTED)},
    ".names": {
        **dict.fromkeys(("dotted_name", "wildcard_import"), _of("alias", text=".")),
        "aliased_import": _of("alias", text="name"),
    },
    ".type_params": {
        "identifier": _of("TypeVar", text="."),
        "constrained_type": _of("TypeVar", text="type", rest="- bound"),
        "splat_type": _of("TypeVarTuple", {"**": _of("ParamSpec", text=".")}, text="."),
    },
    **dict.fromkeys((".pattern", ".patterns", ".kwd_patterns"), _PATTERNS),
}


def rule_of(kind: str, role: str, tokens: Sequence[str]) -> Rule:
    """How a node of this type is read in this role, if it has these tokens."""
    within = _WITHIN.get(role) or _WITHIN.get("." + role.partition(".")[2]) or {}
    rule = within.get(kind) or within.get("") or RULES.get(kind, UNKNOWN)
    return next((rule.variants[t] for t in tokens if t in rule.variants), rule)
