"""Which worker does which job, and what follows when one dies of a file?"""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from codeanatomy.extract.batch import RUNNER
from codeanatomy.extract.limits import Limits, used
from codeanatomy.extract.messages import ORDINALS, Done, Item, Job, receive, send
from codeanatomy.extract.pool import Pool, Worker
from codeanatomy.extract.witness import trouble
from codeanatomy.facts.errors import EngineError

_FOREIGN = (
    signal.SIGKILL,
    signal.SIGTERM,
    signal.SIGHUP,
)  # sent by others: says little of the file
_STILLBORN = 3
_LOOK = 0.1  # seconds between two looks at what workers use

Tick = Callable[[int, str], None]


class Shift:
    """A job at work: what the worker was seen doing last, and what it had used by then."""

    def __init__(self, job: Job, worker: Worker) -> None:
        self.job = job
        self.worker = worker
        self._seen = -1
        self._since = (0.0, 0.0, 0)

    def state(self) -> int | None:
        """State of the progress word; None before the worker has begun with this job."""
        number, state = divmod(self.worker.progress(), 1 << 32)
        return state if number == self.job.number else None

    def files(self) -> tuple[int, str]:
        """How many files of the job are behind the worker, and the path of the one at work."""
        state = self.state() or 0
        at = state - ORDINALS if state >= ORDINALS else 0
        return at, self.job.items[at].path

    def over(self, limits: Limits) -> tuple[str, str] | None:
        """Code and message of the limit that the work at hand breaks. A limit is measured from the
        moment at which the work was first seen, so it is granted late rather than early."""
        word = self.worker.progress()
        now = (time.monotonic(), *used(self.worker.pid))
        if word != self._seen:
            self._seen, self._since = word, now
            return None
        wall, cpu, memory = (a - b for a, b in zip(now, self._since, strict=True))
        state = self.state()
        files = 1 if state is not None and state >= ORDINALS else len(self.job.items)
        return limits.broken(cpu, wall, int(memory), files)


class Crew:
    """Jobs waiting and at work. Iterate over `results` while adding more as needed."""

    def __init__(self, pool: Pool, limits: Limits, template: Job) -> None:
        self._pool = pool
        self._limits = limits
        self._template = template
        self._jobs = 0
        self._stillborn = 0
        self._queue: list[Job] = []
        self._idle: list[Worker] = []
        self._shifts: dict[Worker, Shift] = {}
        self._selector = selectors.DefaultSelector()

    def add(self, items: Sequence[Item], parse: bool = True) -> None:
        """Queue a job over the items; the largest job is done first."""
        self._jobs += 1
        job = msgspec.structs.replace(
            self._template,
            number=self._jobs,
            folder=os.path.join(self._template.folder, str(self._jobs)),
            extractors=self._template.extractors if parse else (),
            items=tuple(items),
        )
        self._queue.append(job)
        self._queue.sort(key=lambda j: (sum(item.size for item in j.items), -j.number))

    def results(self, tick: Tick) -> Iterator[tuple[Job, Done]]:
        """Each job that came to its end, until none is left. `tick` hears of files in progress.

        A file that kills its worker or breaks a limit is offered once more, without a tree, and
        then only as a problem; the other files of its job are done again.
        """
        while self._queue or self._shifts:
            self._employ()
            ready = self._selector.select(min(_LOOK, self._limits.seconds / 5))
            for key, _ in ready:
                shift = self._shifts[key.data]
                try:
                    done = receive(shift.worker.connection)
                except EOFError:
                    self._bury(shift, None)
                    continue
                if not isinstance(done, Done) or done.number != shift.job.number:
                    raise EngineError(f"a worker answered {done} to job {shift.job.number}")
                self._release(shift)
                self._idle.append(shift.worker)
                self._stillborn = 0
                yield shift.job, done
            for shift in list(self._shifts.values()):
                broken = shift.over(self._limits)
                if broken:
                    self._bury(shift, broken)
            seen = [shift.files() for shift in self._shifts.values()]
            if seen:
                tick(sum(at for at, _ in seen), seen[0][1])

    def _employ(self) -> None:
        while self._queue and (self._idle or len(self._shifts) < self._pool.size):
            worker = self._idle.pop() if self._idle else self._pool.fork()
            shift = Shift(self._queue.pop(), worker)
            self._shifts[worker] = shift
            self._selector.register(worker.connection, selectors.EVENT_READ, worker)
            try:
                send(worker.connection, shift.job)
            except OSError:
                self._bury(shift, None)

    def _release(self, shift: Shift) -> None:
        self._selector.unregister(shift.worker.connection)
        del self._shifts[shift.worker]

    def _bury(self, shift: Shift, broken: tuple[str, str] | None) -> None:
        """End the worker of a job and queue what is left to do: all but the guilty file as before,
        and the guilty one on its own; halves of the job where it is not known which it is."""
        self._release(shift)
        state, items = shift.state(), shift.job.items
        code = self._pool.end(shift.worker)
        parse = bool(shift.job.extractors)
        if state is None and broken is None:
            self._stillborn += 1
            if self._stillborn > _STILLBORN:
                raise EngineError(f"workers die before they begin ({_how(code)})")
            self.add(items, parse)
            return
        state = state or 0
        if state < ORDINALS and len(items) > 1:
            half = len(items) // 2
            self.add(items[:half], parse)
            self.add(items[half:], parse)
            return
        at = max(state - ORDINALS, 0)
        rest = items[:at] + items[at + 1 :]
        if rest:
            self.add(rest, parse)
        if not parse:
            raise EngineError(f"a worker died while it only wrote a problem row ({_how(code)})")
        kind, message = broken or ("worker-killed", f"the worker ended: {_how(code)}")
        guilty = msgspec.structs.replace(
            items[at],
            problem=items[at].problem or trouble(RUNNER, kind, message),
            passing=items[at].passing or (broken is None and -code in _FOREIGN),
        )
        self.add([guilty], parse=items[at].problem is None)


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
