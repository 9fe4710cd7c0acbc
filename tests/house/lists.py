"""What the checks allow: the ladder of the rooms, and every exception with its reason."""

FRONT_DOORS = ("artifacts", "build", "compiled", "doctor", "planned", "replay", "report", "steps")

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
    "engine": (
        "facts",
        "plans",
        "planning.tasks",
        "planning.schedule",
        "planning.policy",
        "planning.signals",
        "planning.estimate",
    ),
    "query": (
        "facts",
        "sources",
        "plans",
        "planning.package",
        "planning.workload",
        "engine.store",
        "engine.manifest",
        "engine.session",
        "engine.border",
        "engine.index",
        "engine.pruning",
        "cpg.kinds",
        "cpg.artifacts",
    ),
    "settings": ("facts",),
    "app": (*FRONT_DOORS, "settings", "query", "facts.errors", "cpg.kinds", "cpg.artifacts"),
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
LOG = "only where a Delta log must be read or written"
GITLESS = "a folder without git, or with a clean index, needs no libgit2"
RULELESS = "a folder without ignore patterns needs nothing that translates them"
TERMINAL = "only on a terminal that shows progress"

# (file, imported module) -> why it cannot stand at the top
LATE_IMPORTS: dict[tuple[str, str], str] = {
    (file, target): reason
    for reason, file, targets in (
        (WHOLE, "__init__.py", "codeanatomy.build codeanatomy.query.graph importlib.metadata"),
        (HELP, "app/cli/build.py", "codeanatomy.build"),
        (HELP, "app/cli/options.py", "codeanatomy.query.graph codeanatomy.query.about"),
        (HELP, "app/cli/options.py", "msgspec"),
        (HELP, "app/cli/output.py", "codeanatomy.query.tables"),
        (HELP, "app/cli/output.py", "msgspec pyarrow"),
        (HELP, "app/cli/plan.py", "codeanatomy.planned"),
        (HELP, "app/cli/replay.py", "codeanatomy.replay"),
        (HELP, "app/cli/doctor.py", "codeanatomy.doctor"),
        (TERMINAL, "app/cli/build.py", "rich.console rich.progress"),
        (UNCHANGED, "build.py", "codeanatomy.steps codeanatomy.compiled"),
        (UNCHANGED, "build.py", "codeanatomy.planned codeanatomy.artifacts"),
        (UNCHANGED, "engine/store.py", "codeanatomy.engine.commit codeanatomy.engine.delta"),
        (GITLESS, "sources/git.py", "codeanatomy.sources.libgit"),
        (RULELESS, "sources/ignore.py", "re2 pathspec.patterns.gitignore.spec"),
        (LOG, "engine/delta.py", "deltalake deltalake.transaction"),
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
BROAD_EXCEPTS: dict[tuple[str, str], str] = {
    ("extract/batch.py", "_attempt"): "one file in a worker",
    ("facts/collect.py", "_loaded"): "a plug-in's load or call",
    ("engine/events.py", "__call__"): "a plug-in's load or call",
    ("steps.py", "_surveyed"): "a plug-in's load or call",
    ("engine/border.py", "engine_errors"): "the engine's error border",
    ("app/cli/main.py", "invoke"): "the command line's main",
}

# files of more than 400 lines -> why they are one question
LONG_FILES: dict[str, str] = {
    "extract/flow/blocks.py": "one recursive dispatch over statements and the operands in them"
}

OWN = "imports our own declarations, by the name of their file"
MADE = "text that we make from Python's grammar, none of it scanned"
# (file, name) -> why this way of running code or another program is safe here
POWERS: dict[tuple[str, str], str] = {
    ("app/cli/main.py", "importlib.import_module"): OWN,
    ("facts/collect.py", "importlib.import_module"): OWN,
    ("extract/witnesses.py", "importlib.import_module"): "extractors, our own or where they stand",
    ("extract/parse.py", "compile"): "stops at the syntax tree: PyCF_ONLY_AST",
    ("extract/walker.py", "compile"): MADE,
    ("extract/walker.py", "exec"): MADE,
    ("extract/foreman.py", "subprocess"): "starts our own interpreter as a server of workers",
    ("extract/foreman.py", "os.fork"): "workers that inherit what extraction needs",
    ("extract/foreman.py", "ctypes"): "asks Linux to end a worker with its parent",
    ("app/cli/build.py", "ctypes"): "tells glibc to keep memory that a build frees and takes again",
}
POWERS |= {
    (f"extract/{name}.py", "multiprocessing.connection"): "bytes in frames; nothing is unpickled"
    for name in ("foreman", "messages")
}

ROLE = "role of a semantic type, no column"
GROUP = "group of semantic types, no column"
FAMILY = "family of Arrow types that are hashed alike, no column"
OF_PROPERTY = "value that says whether a property is a node's or an edge's"
# (file, text) -> why a literal equal to a column or view name means something else here
LITERALS: dict[tuple[str, str], str] = {
    ("engine/content.py", "text"): FAMILY,
    ("semantic/emit.py", "node"): OF_PROPERTY,
    ("semantic/emit.py", "edge"): OF_PROPERTY,
    ("semantic/infer.py", "key"): ROLE,
    ("semantic/infer.py", "symbol"): GROUP,
    ("semantic/infer.py", "module"): GROUP,
    ("semantic/infer.py", "construct"): GROUP,
    ("semantic/infer.py", "content"): GROUP,
}
