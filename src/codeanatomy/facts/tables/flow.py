"""Evidence of control and data flow inside one definition."""

from typing import Annotated

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import Witnessed


class FlowEdge(Witnessed, frozen=True):
    """One step of the control flow, from node to node: statements, tests and other operands that
    may be left out, entries and exits of functions and bodies."""

    node: Annotated[int, t.NODE]
    follower: Annotated[int, t.FOLLOWER, "node that may be evaluated next"]
    way: Annotated[
        str,
        t.CODED,
        t.ORIGIN,
        "next, true, false, loop, done, match, nomatch, break, continue, return, swallow, raise, "
        "exception, escape",
    ]


class Control(Witnessed, frozen=True):
    """A node that is evaluated or not as a test, loop or case decides."""

    node: Annotated[int, t.NODE]
    controller: Annotated[int, t.CONTROLLER, "node that decides"]
    way: Annotated[str, t.CODED, t.ORIGIN, "true, false, loop, done, match or nomatch"]


class DefUse(Witnessed, frozen=True):
    """A use of a local variable and a binding that reaches it; at most 64 of one use."""

    node: Annotated[int, t.NODE, "identifier that is read"]
    binding: Annotated[int, t.BINDING, "identifier, parameter, import or definition that binds"]
    certainty: Annotated[str, t.CODED, t.CERTAINTY, "certain where no other value may be seen"]
    confidence: Annotated[float, t.CONFIDENCE, "1 by the number of values that may be seen"]
