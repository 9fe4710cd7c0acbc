"""What the executor tells while it works; whoever wants to know listens. A listener that fails is
told so on the log and hears no more."""

import logging
from collections.abc import Callable, Mapping

import msgspec

from codeanatomy.facts.tables.artifacts import Measurement


class Event(msgspec.Struct, frozen=True):
    """Something that happened to a task: started, finished, failed. Numbers carry their unit in
    their name."""

    kind: str
    subject: str
    numbers: Mapping[str, float] = {}


Listener = Callable[[Event], None]


class Events:
    """All listeners of one run as one."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = list(listeners)

    def __call__(self, kind: str, subject: str, **numbers: float) -> None:
        """Tell everybody, in the order in which they came."""
        event = Event(kind, subject, numbers)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # a plug-in's call
                logging.getLogger(__name__).warning("a listener failed on %s", kind, exc_info=True)
                self._listeners.remove(listener)


class Recorder:
    """A listener that keeps every number of a task that ended."""

    def __init__(self) -> None:
        self.measured: list[Measurement] = []

    def __call__(self, event: Event) -> None:
        """Note an event."""
        if event.kind == "finished":
            for what, value in event.numbers.items():
                scope = "pruning" if what.startswith("pruning ") else "task"
                name = what.removeprefix("pruning ")
                self.measured.append(Measurement(scope, event.subject, name, float(value)))

    def ran(self) -> list[str]:
        """The tasks that ended, in that order."""
        return list(dict.fromkeys(m.subject for m in self.measured if m.scope == "task"))
