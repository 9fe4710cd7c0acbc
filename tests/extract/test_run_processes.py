"""Workers start without the engine and from anywhere, and none outlives the run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codeanatomy.extract.foreman import ENGINES, crew, usable_cpus
from codeanatomy.extract.messages import receive
from codeanatomy.extract.run import extract
from codeanatomy.facts.errors import EngineError
from tests.extract.files import written
from tests.extract.test_run import rows

import fakes  # isort: skip

TOP = Path(__file__).parents[2]
SCRIPT = f"""
import sys, threading
sys.path[:0] = [{str(TOP)!r}, {str(TOP / "tests/extract/plugins")!r}]
from pathlib import Path
from tests.extract.files import written
from codeanatomy.extract.run import extract
import fakes
"""


def environment(temporary: Path) -> dict[str, str]:
    temporary.mkdir(exist_ok=True)
    return os.environ | {"TMPDIR": str(temporary)}


def processes(mark: str) -> list[int]:
    """Ids of processes whose command line holds the mark (it is that of forkserver and workers)."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
                dead = b") Z " in (folder / "stat").read_bytes()
            except OSError:
                continue
            if mark.encode() in command and not dead:
                found.append(int(folder.name))
    return found


def until(condition: object, seconds: float = 10.0) -> bool:
    """Whether the condition came true in time."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        (["codeanatomy.facts.ids", "deltalake"], "import the engine: deltalake"),
        (["no_such_plugin"], "no_such_plugin"),
    ],
)
def test_a_module_that_workers_cannot_have_is_named(modules: list[str], reason: str) -> None:
    with pytest.raises(EngineError, match=reason), crew(modules) as foreman:
        receive(foreman)


def test_a_script_without_guard_with_threads_twice(tmp_path: Path) -> None:
    """As in a notebook: `__main__` cannot be imported, threads run, and one run follows another."""
    script = (
        SCRIPT
        + f"""
threading.Thread(target=threading.Event().wait, daemon=True).start()
repo = Path({str(tmp_path / "repo")!r})
files = written(repo, {{"a.py": "a\\n", "b.py": "# ADD_EXIT\\n"}})
for _ in range(2):
    found = extract(files, repo, fakes.ALL, workers=2)
    print(found.tables["word"].num_rows, found.tables["file_problem"].num_rows)
"""
    )
    done = subprocess.run(
        [sys.executable, "-"],
        input=script,
        text=True,
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment(tmp_path / "tmp"),
    )
    assert (done.stdout, done.stderr) == ("3 1\n3 1\n", "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_nothing_of_the_current_folder_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = written(tmp_path / "repo", {"a.py": "a b\n"})
    extract(files, tmp_path / "repo", fakes.ALL)  # this process asks for pandas here, once
    for name in ("json", "numpy", "sitecustomize", "usercustomize", "pandas", "cffi"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert extract(files, tmp_path / "repo", fakes.ALL).tables["word"].num_rows == 2
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("cached", [False, True])
def test_interrupted_it_leaves_no_process_and_no_file(
    tmp_path: Path, how: signal.Signals, cached: bool
) -> None:
    temporary, cache = tmp_path / "tmp", tmp_path / "cache"
    script = (
        SCRIPT
        + f"""
repo = Path({str(tmp_path / "repo")!r})
files = written(repo, {{"a.py": "a b\\n", "b.py": "# ADD_BURN\\n", "c.py": "# ADD_SLEEP\\n"}})
cache = Path({str(cache)!r}) if {cached} else None
tell = lambda *news: print(*news, flush=True)
extract(files, repo, fakes.ALL, workers=2, batch_bytes=1, cache=cache, on_progress=tell)
"""
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(temporary),
    )
    mark = f'"{cache if cached else temporary}/'
    try:
        # the forkserver and two workers, busy with the two files that do not end
        assert until(lambda: len(processes(mark)) == 3), processes(mark)
        time.sleep(0.3)
        for pid in processes(mark):
            assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
            maps = Path(f"/proc/{pid}/maps").read_text()
            assert "pyarrow" in maps
            assert not any(engine in maps for engine in ENGINES)
        parent.send_signal(how)
        _, errors = parent.communicate(timeout=10)
        assert parent.returncode in (-how, 1)
        assert (b"KeyboardInterrupt" in errors) == (how == signal.SIGINT)
        assert until(lambda: not processes(mark)), "a worker outlived its parent"
        assert until(lambda: not list(temporary.iterdir())), list(temporary.iterdir())
        assert not list(cache.rglob("new-*"))
    finally:
        parent.kill()


def test_quotas_of_control_groups_count(tmp_path: Path) -> None:
    def system(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    free = usable_cpus(tmp_path)
    assert 1 <= free <= len(os.sched_getaffinity(0))
    system(proc__self__cgroup="0::/a/b\n")
    group = tmp_path / "sys/fs/cgroup/a/b"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text("max 100000\n")
    assert usable_cpus(tmp_path) == free
    (group.parent / "cpu.max").write_text("50000 100000\n")
    assert usable_cpus(tmp_path) == 1


def test_rows_of_a_file_survive_the_death_of_another_run(tmp_path: Path) -> None:
    """Two extractions at once over one cache, one of which meets a deadly file."""
    deadly = written(tmp_path / "one", {"a.py": "a\n", "b.py": "# ADD_EXIT\n"})
    healthy = written(tmp_path / "two", {"a.py": "a\n", "c.py": "c\n"})
    cache = tmp_path / "cache"
    extract(deadly, tmp_path / "one", fakes.ALL, cache=cache)
    found = extract(healthy, tmp_path / "two", fakes.ALL, cache=cache)
    assert (found.cached, rows(found, "file_problem")) == (1, [])
