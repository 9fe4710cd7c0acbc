"""Edges: of the syntax tree and of containment; of control and data flow inside one definition; of
names, imports, classes and calls, as scope rules and the resolution solver say."""

from functools import partial

from codeanatomy.cpg.kinds import FLOWING
from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import EVERY, Property, Relation, Where

_syntax = partial(Relation, origin="syntax", dst=t.NODE, site=t.NODE)
_flow = partial(Relation, trust=FLOWING)
_dominates = partial(_flow, left=EVERY, dst=t.NODE, site=t.NODE, origin="flow")
_scope = partial(Relation, origin="scope", adds="scope")
SOLVED = 0.99  # 100 of 100 certain sites were right: bench/sites.py
_answered = partial(Relation, dst=t.TARGET, adds="resolve", trust=SOLVED)
_doubted = (Property("DOUBT", "doubt", unless=("",)),)

STRUCTURE = (
    _syntax(name="rel_ast", kind="AST", left=EVERY, src=t.PARENT),
    _syntax(name="rel_ast_file", kind="AST", left=("module",), src=t.FILE),
    _syntax(name="rel_contains", kind="CONTAINS", left=EVERY, src=t.CONTAINER),
    _syntax(name="rel_contains_file", kind="CONTAINS", left=("definition", "body"), src=t.FILE),
    _syntax(
        name="rel_source_file",
        kind="SOURCE_FILE",
        left=("definition", "body", "comment"),
        src=t.NODE,
        dst=t.FILE,
    ),
    _syntax(
        name="rel_argument",
        kind="ARGUMENT",
        left=("argument",),
        src=t.CALL_SITE,
        dst=t.VALUE,
        site=t.VALUE,
        ordinal=True,
        properties=(
            Property("ARGUMENT_NAME", "keyword"),
            Property("UNPACKED", "unpacked", unless=("",)),
        ),
    ),
    _syntax(name="rel_receiver", kind="RECEIVER", left=("call_site",), src=t.NODE, dst=t.RECEIVER),
)
FLOW = (
    _flow(name="rel_cfg", kind="CFG", left=("flow_edge",), src=t.NODE, dst=t.FOLLOWER),
    _dominates(name="rel_dominate", kind="DOMINATE", src=t.DOMINATOR),
    _dominates(name="rel_post_dominate", kind="POST_DOMINATE", src=t.POST_DOMINATOR),
    _flow(name="rel_cdg", kind="CDG", left=("control",), src=t.CONTROLLER, dst=t.NODE, site=t.NODE),
    _dominates(name="rel_reaching_def", kind="REACHING_DEF", left=("def_use",), src=t.BINDING),
)
_runs = partial(_syntax, left=("syntax",), src=t.CONTAINER)
RUNS = tuple(
    _runs(name=f"rel_{kind.lower()}", kind=kind, where=(Where(t.CONSTRUCT, constructs),))
    for kind, constructs in (
        ("YIELDS", ("Yield", "YieldFrom")),
        ("AWAITS", ("Await",)),
        ("RAISES", ("Raise",)),
        ("HANDLES", ("ExceptHandler",)),
    )
)
RELATED = tuple(
    _answered(
        name=f"rel_{kind.lower()}",
        kind=kind,
        left=("relative",),
        src=t.NODE,
        where=(Where(t.WHAT, (what,)),),
        ordinal=what == "mro",
        origin="resolve",
    )
    for kind, what in (
        ("MRO", "mro"),
        ("OVERRIDES", "overrides"),
        ("EXPORTS", "exports"),
        ("RE_EXPORTS", "re_exports"),
        ("INSTANTIATES", "instantiates"),
        ("EVAL_TYPE", "type"),
    )
)
MEANING = (
    _scope(name="rel_ref_scope", kind="REF", left=("reference",), src=t.NODE, dst=t.DECLARED),
    *(
        _answered(
            name=name,
            kind=kind,
            left=("target",),
            src=t.NODE,
            where=(Where(t.WHAT, what),),
            properties=_doubted,
        )
        for name, kind, what in (
            ("rel_ref_target", "REF", ("name", "attribute")),
            ("rel_imports", "IMPORTS", ("import",)),
            ("rel_call", "CALL", ("call", "implicit")),
        )
    ),
    *(
        _answered(
            name=name,
            kind=kind,
            left=(what,),
            right="target",
            on=site,
            src=src,
            site=site,
            where=(Where(t.WHAT, (what,)),),
            ordinal=True,
        )
        for name, kind, what, src, site in (
            ("rel_inherits", "INHERITS_FROM", "base", t.CLASS, t.VALUE),
            ("rel_decorated_by", "DECORATED_BY", "decorator", t.DECORATED, t.NODE),
        )
    ),
    _scope(name="rel_capture", kind="CAPTURE", left=("capture",), src=t.FUNCTION, dst=t.CAPTURED),
)
LINKS = tuple(
    _answered(
        name=f"rel_{kind.lower()}_{view}",
        kind=kind,
        left=(view,),
        src=t.VALUE,
        site=t.NODE,
        where=(Where(t.WHAT, (what,)),),
        adds=adds,
    )
    for view, kind, what, adds in (
        ("filled", "PARAMETER_LINK", "fills", "resolve"),
        ("unpacked", "PARAMETER_LINK", "fills", "resolve"),
        ("received", "PARAMETER_LINK", "fills", "resolve"),
        ("used", "READS", "reads", "scope+resolve"),
        ("used", "WRITES", "writes", "scope+resolve"),
        ("bound", "BINDS", "binds", "scope"),
        ("tested", "TESTS", "tests", "resolve"),
    )
)
