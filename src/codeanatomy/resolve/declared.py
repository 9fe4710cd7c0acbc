"""What do declarations of things outside the repository mean: annotations that name them, and the
types that the standard library's stubs give to calls and attributes?"""

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.fixpoint import Declared, Fixpoint
from codeanatomy_stubs.types import Type

TYPING = ("typing", "typing_extensions", "collections.abc", "types")
# of these the value is one of the arguments'
ARGUMENTS = frozenset(
    {"Optional", "Union", "Annotated", "ClassVar", "Final", "Required", "NotRequired", "Awaitable"}
    | {"ReadOnly", "Unpack", "Coroutine"}
)
MAPPINGS = frozenset({"Dict", "Mapping", "MutableMapping", "DefaultDict", "OrderedDict"})
SEQUENCES = frozenset(
    {"List", "Set", "FrozenSet", "Sequence", "MutableSequence", "Iterable", "Iterator", "Generator"}
    | {"Collection", "AbstractSet", "MutableSet", "Deque", "Reversible", "Container", "ValuesView"}
    | {"AsyncIterable", "AsyncIterator", "AsyncGenerator"}
)
ONLY = {"Annotated": 0, "Coroutine": 2}  # which argument it is, where just one counts
TYPES = ("builtins.type", "typing.Type")
VIEWS = frozenset({"KeysView", "ItemsView"})
NOT_KNOWN = frozenset({"Any", "Callable", "Literal", "Generic", "Protocol", "NoReturn", "TypeVar"})
MAPPING_TYPES = ("builtins.dict", "collections.defaultdict", "collections.OrderedDict")
SEQUENCE_TYPES = tuple(f"builtins.{x}" for x in ("list", "set", "frozenset", "tuple"))


def describe(f: Fixpoint, external: int, number: int, result: int, class_: int) -> None:
    """Puts into the result what an annotation by something external describes."""
    points, dotted = f.points, f.modules.dotted(external)
    module, _, name = dotted.rpartition(".")
    arguments = f.arguments.of(number)
    typing = module in TYPING
    if typing and name in ARGUMENTS:
        for at, _, place in arguments:
            if at == ONLY.get(name, at):
                points.copy(place, result)
    elif typing and name == "Self":
        if class_:
            points.hold(result, points.object(p.SELF, class_))
    elif dotted in TYPES:
        for _, _, place in arguments:
            f.tables["wrap"].add_one(place, p.CLS, result)
    elif (type_ := _container_type(dotted)) and name not in VIEWS:
        made = f.container(type_, result)
        for at, _, place in arguments:
            if element := _element(f, type_, at, len(arguments)):
                points.copy(place, f.elements.place(made, element))
    elif not (typing and name in NOT_KNOWN) and f.lookup.declared(external) in ("class", ""):
        points.hold(result, points.object(p.LITERAL, external))


def _container_type(dotted: str) -> str:
    """The builtin container that stands for values of an external type; "" for none."""
    module, _, name = dotted.rpartition(".")
    if dotted in MAPPING_TYPES or (module in TYPING and name in MAPPINGS):
        return "dict"
    if dotted in SEQUENCE_TYPES or dotted == "typing.Tuple":
        return name.lower()
    return "list" if module in TYPING and name in SEQUENCES | VIEWS else ""


def _element(f: Fixpoint, type_: str, index: int, count: int) -> int:
    """Name of the elements that one of the type's arguments describes; 0 for none."""
    if type_ == "tuple" and count > 1:
        return f.world.name(c.item(index)) if 0 <= index < count else 0
    kept = (f.elements.keys, f.elements.unknown) if type_ == "dict" else (f.elements.unknown,)
    return kept[index] if 0 <= index < len(kept) else 0


def declared(f: Fixpoint, external: int, number: int, result: int, receiver: int = 0) -> None:
    """Puts into the result what a call of something external is declared to give. `receiver`: the
    container whose method is called."""
    objects, types = declared_types(f, external, f.arguments.shape(number))
    if result:
        f.points.pairs.waiting_ones += [result << 32 | x for x in objects]
        for one in types:
            hold(f, one, result, number, receiver)


def declared_types(f: Fixpoint, external: int, shape: int) -> Declared:
    """What a call of this shape gives: objects that are the same for each, and other types."""
    known = f.declared.get((external, shape))
    if known is None:
        count, keywords = f.arguments.shapes[shape]
        names = frozenset(f.world.texts[x] for x in keywords)
        types = f.stubs.returns(f.modules.dotted(external), (count, names))
        plain = [x for x in types if x.name[:1] not in ("", "$") and not _container_type(x.name)]
        plain = [x for x in plain if x.name not in TYPES and not x.name.startswith("typing.")]
        made = tuple(f.points.object(p.LITERAL, f.modules.external(x.name)) for x in plain)
        others = tuple(x for x in types if x.name and x not in plain)
        known = f.declared[external, shape] = made, others
    return known


def hold(f: Fixpoint, one: Type, result: int, number: int = 0, receiver: int = 0) -> None:
    """Puts a value of the type, as that call gives it, into the result."""
    points, name = f.points, one.name
    if name.startswith("$T"):
        if receiver and points.kind_of[receiver] == p.CONTAINER:
            points.copy(f.elements.read(receiver, f.elements.unknown), result)
    elif name.startswith("$"):
        points.copy(f.arguments.at(number, int(name[1:])), result)
    elif name in TYPES:
        for inner in one.arguments[0] if one.arguments else ():
            points.hold(result, f.modules.external(inner.name))
    elif name.startswith("typing.") and name[7:] in ("Awaitable", "Coroutine"):
        for inner in one.arguments[-1] if one.arguments else ():
            hold(f, inner, result, number, receiver)
    elif type_ := _container_type(name):
        made = f.container(type_, result)
        for index, types in enumerate(one.arguments):
            element = _element(f, type_, index, len(one.arguments))
            for inner in types if element else ():
                hold(f, inner, f.elements.place(made, element), number, receiver)
    elif name:
        points.hold(result, points.object(p.LITERAL, f.modules.external(name)))
