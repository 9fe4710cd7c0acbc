"""What the checks allow: the ladder of the rooms, and every exception with its reason."""

FRONT_DOORS = ("build", "collisions", "compiled", "report", "steps")

# room -> what it may import of ours; a dotted entry allows that module only
LADDER: dict[str, tuple[str, ...]] = {
    "facts": (),
    "plans": ("facts",),
    "sources": ("facts",),
    "resolve": ("facts",),
    "extract": ("facts", "sources"),
    "semantic": ("facts", "plans"),
    "planning": ("facts", "plans"),
    "cpg": ("facts", "semantic"),
    "engine": ("facts", "plans", "planning.tasks", "planning.schedule", "planning.policy"),
    "query": (
        "facts",
        "sources",
        "plans",
        "planning.compile",
        "engine.store",
        "engine.manifest",
        "engine.session",
        "engine.border",
        "engine.index",
        "cpg.kinds",
    ),
    "settings": ("facts",),
    "app": (*FRONT_DOORS, "settings", "query", "facts.errors", "cpg.kinds"),
    "": (*FRONT_DOORS, "settings", "query", "facts.errors"),
}
LADDER |= dict.fromkeys(
    FRONT_DOORS,
    (
        *FRONT_DOORS,
        "settings",
        "facts",
        "plans",
        "sources",
        "extract",
        "resolve",
        "semantic",
        "planning",
        "cpg",
        "engine",
    ),
)

HELP = "--help and a wrong option load no engine"
WHOLE = "`import codeanatomy` loads nothing before it is asked for"
UNCHANGED = "an unchanged tree needs no engine"
LOG = "only where a log must be read or written"

# (file, imported module) -> why it cannot stand at the top
LATE_IMPORTS: dict[tuple[str, str], str] = {
    (file, target): reason
    for reason, file, targets in (
        (WHOLE, "__init__.py", "codeanatomy.build codeanatomy.query.graph importlib.metadata"),
    )
    for target in targets.split()
}

# endings of classes that only carry other values
CARRIERS = (
    "Context",
    "Registry",
    "Spec",
    "Options",
    "Manager",
    "Helper",
    "Facade",
    "Adapter",
    "Request",
    "Result",
    "Bundle",
    "Inputs",
    "Mixin",
    "Like",
    "Info",
    "Data",
)
CARRIERS_ALLOWED: dict[str, str] = {}

# the five places where anything may be caught: (file, function) -> which of the five
BROAD_EXCEPTS: dict[tuple[str, str], str] = {}

# files of more than 400 lines -> why they are one question
LONG_FILES: dict[str, str] = {}

# (file, name) -> why this way of running code or another program is safe here
POWERS: dict[tuple[str, str], str] = {
    ("facts/collect.py", "importlib.import_module"): "our own folders of declarations",
}

# (file, text) -> why a literal equal to a column or view name means something else here
LITERALS: dict[tuple[str, str], str] = {}
