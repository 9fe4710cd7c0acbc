"""What are the parts of a node, and in which role is each of them read?"""

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from codeanatomy.extract.tolerant.table import Rule
from codeanatomy.extract.walker import ROLES

Part = tuple[str, Node]  # the field of the grammar, or ''
Place = tuple[str, Node, Sequence[Part]]  # the role, and what is read with the node as its parts

ROLE = {name: code for code, name in enumerate(ROLES)}
FUNCTIONS = ("FunctionDef", "AsyncFunctionDef", "Lambda")
PASSING = {f"{f}.{p}" for f in FUNCTIONS for p in ("posonlyargs", "args", "kwonlyargs")}
PASSING |= {f"{f}.{p}" for f in FUNCTIONS for p in ("vararg", "kwarg")}
_STARS = {"list_splat_pattern": "vararg", "dictionary_splat_pattern": "kwarg"}
_SILENT = ("comment", "line_continuation")
# nodes whose parts stand in the node around them
_SPLICED = (
    *("argument_list", "parameters", "lambda_parameters", "type_parameter"),
    *("block", "with_clause", "with_item"),
)


def field(node: Node, name: str) -> Node | None:
    """The part in a field of the grammar (or else of a type), if it was read."""
    found = node.child_by_field_name(name)
    if found is None:
        found = next((n for n in node.children if n.type == name), None)
    return None if found is None or found.is_missing else found


def of(node: Node) -> list[Part]:
    """The parts of a node, with those of its lists and blocks in their place; no comments."""
    found: list[Part] = []
    waiting = _children(node)[::-1]
    while waiting:
        name, part = waiting.pop()
        if part.type in _SPLICED:
            waiting += [(name or inner, n) for inner, n in reversed(_children(part))]
        elif part.type not in _SILENT and not part.is_missing:
            found.append((name, part))
    return found


def places(rule: Rule, around: str, parts: Sequence[Part]) -> list[Place]:
    """Roles of the parts that are read, below a row of the construct or in the role around them."""
    found: list[Place] = []
    rest, at = rule.rest.split(), 0
    for name, node, more in _with_followers(parts):
        if not node.is_named:
            at += node.type == ":" and rule.construct == "Slice"
            continue
        place = rule.roles.get(name or node.type)
        if place is None and rest and not (name and rule.roles):
            place = rest[min(at, len(rest) - 1)]
            at += not (node.is_extra or node.is_error or rule.construct == "Slice")
        elif place is None:
            place = "-" if rule.construct or rule.roles else ""
        if place == "parameters":
            found.append((place, node, more))
        elif place != "-":
            found.append((within(around, place), node, more))
    return list(_passed(around, found))


def within(role: str, place: str) -> str:
    """The role with another field of the same construct, where there is one."""
    other = f"{role.partition('.')[0]}.{place}"
    return other if other in ROLE else role


def _passed(function: str, found: Sequence[Place]) -> Iterator[Place]:
    """The places with roles for parameters, without the separators that say how they are passed."""
    positional = any(node.type == "positional_separator" for _, node, _ in found)
    passing = "posonlyargs" if positional else "args"
    for role, node, more in found:
        if role != "parameters":
            yield role, node, more
        elif node.type == "positional_separator":
            passing = "args"
        elif node.type == "keyword_separator":
            passing = "kwonlyargs"
        else:
            typed = node.type == "typed_parameter" and node.named_children
            star = _STARS.get(typed[0].type if typed else node.type)
            yield within(function, star or passing), node, more
            passing = "kwonlyargs" if star == "vararg" else passing


def _children(node: Node) -> list[Part]:
    if node.type == "boolean_operator":  # a chain of one operator is one row, as in `ast`
        return _operands(node)
    cursor = node.walk()
    found: list[Part] = []
    more = cursor.goto_first_child()
    while more:
        if cursor.node is not None:
            found.append((cursor.field_name or "", cursor.node))
        more = cursor.goto_next_sibling()
    return found


def _operands(node: Node) -> list[Part]:
    found: list[Part] = []
    operator = [n.type for n in node.children if not n.is_named]
    while [n.type for n in node.children if not n.is_named] == operator:
        left, *right = [n for n in node.named_children if not n.is_extra] or [node]
        found += [("", n) for n in reversed(right)]
        if not right or left.type != node.type:
            return [("", left), *reversed(found)]
        node = left
    return [("", node), *reversed(found)]


def _with_followers(parts: Sequence[Part]) -> Iterator[tuple[str, Node, Sequence[Part]]]:
    """Parts with those after them that stand in them in `ast`: each `elif` is an `if` in the `else`
    of the one before, and a loop of a comprehension has its conditions."""
    at = 0
    while at < len(parts):
        name, node = parts[at]
        end = at + 1
        if node.type == "elif_clause":
            end = len(parts)
        elif node.type == "for_in_clause":
            while end < len(parts) and parts[end][1].type == "if_clause":
                end += 1
        yield name, node, parts[at + 1 : end]
        at = end
