"""Which functions give back their own parameter? Each call of one gives its own argument back, so
that what a decorator or a fluent function gives is not all that it was ever given."""

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve.fixpoint import Fixpoint, Link
from codeanatomy.resolve.pairs import Ints, each


def return_parameters(
    f: Fixpoint, rows: Ints, functions: Ints, receivers: Ints, shift: int
) -> None:
    """A function that returns its own parameter gives each call its own argument back."""
    chosen = f.may_return_parameter[functions] & (rows[:, 2] > 0)
    todo: list[tuple[int, int, Link]] = []
    for (_, number, result, flags), function, receiver in each(
        rows[chosen], functions[chosen], receivers[chosen]
    ):
        link = (number, result, receiver, shift + (flags >> 1))
        if function in f.links:
            f.links[function].append(link)
        todo += [(function, index, link) for index in f.through.get(function, ())]
    _give(f, todo)


def give_back(f: Fixpoint, value: int, result: int) -> None:
    """The result of a call is that argument of it; where a function returns the result and the
    argument is its own parameter, it gives back its parameter."""
    _give(f, _given(f, value, result))


def _give(f: Fixpoint, todo: list[tuple[int, int, Link]]) -> None:
    while todo:
        function, index, link = todo.pop()
        number, result, receiver, shift = link
        value = argument(f, number, index - shift, function, index)
        if value:
            todo += _given(f, value, result)
        elif index < shift:
            f.points.hold(result, receiver)
        else:  # not passed, or inside `*args`
            f.points.marks[result] |= 1 << c.PARAMETER


def _given(f: Fixpoint, value: int, result: int) -> list[tuple[int, int, Link]]:
    """Calls whose results this decides, where a function returns its parameter by this call."""
    known = max(value, result) < len(f.parameter_of)  # places of the files, not made by rules
    outer = int(f.parameter_of[value]) if known else 0
    position = int(f.parameter_index[value]) if known else 0
    receiver = not position and not f.keeps_receiver[outer]  # of which its calls know nothing
    if not outer or receiver or f.returned_by[result] != outer:
        f.points.copy(value, result)
        return []
    given = f.through.setdefault(outer, [])
    if position in given:
        return []
    given.append(position)
    return [(outer, position, link) for link in f.links.get(outer, ())]


def argument(f: Fixpoint, number: int, position: int, function: int, index: int) -> int:
    """The place passed for a positional parameter of the function; 0: none known."""
    wanted = int(f.parameter[f.parameter_start[function] + index])
    for at, name, value in f.arguments.of(number):
        if at == position >= 0:
            return value
        if at == -1:
            key = function << 32 | name
            found = int(np.searchsorted(f.keyword_key, key))
            if f.keyword_key[found] == key and f.keyword_place[found] == wanted:
                return value
    return 0
