"""Runs one program until it has been seen for long enough, and says how fast it was and how much memory it took."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

WARMUP_UPDATES = 3  # at least, whatever the seconds of warm-up: the first ones allocate and plan
POLL_SECONDS = 0.2, 1.0  # before and after the first update: looking takes time from what is measured


class Failure(Exception):
    """A program that ended, or did not come far enough."""


@dataclasses.dataclass
class Measurement:
    tokens_per_second: float  # target label tokens, </s> counted, padding not
    updates: int  # in the window
    seconds: float  # that the window lasted: whole updates
    tokens_per_update: float
    peak_memory_mib: float  # of the whole process, from its start on
    startup_seconds: float  # until the first update was done


def window(updates, warmup, seconds, least=1):
    """The updates that count, out of [(seconds so far, tokens)]: those after the warm-up until `seconds` have passed and
    `least` updates are made, since batches differ in how many tokens they hold. Returns (tokens, seconds, updates), or None when there are not enough yet."""
    for first, (begin, _) in enumerate(updates, 1):
        if first >= WARMUP_UPDATES and begin >= warmup:
            break
    else:
        return None
    tokens = 0
    for last, (end, count) in enumerate(updates[first:], first + 1):
        tokens += count
        if end - begin >= seconds and last - first >= least:
            return tokens, end - begin, last - first
    return None


def seconds_to_loss(validations, loss):
    """When the cross-entropy came down to `loss`, drawn straight between two validations [(seconds, loss, update)].
    Returns (seconds, updates), or None when it has not yet."""
    before = None
    for point in validations:
        if point[1] <= loss:
            if before is None:
                return point[0], point[2]
            share = (before[1] - loss) / (before[1] - point[1])
            return tuple(a + share * (b - a) for a, b in ((before[0], point[0]), (before[2], point[2])))
        before = point
    return None


@contextlib.contextmanager
def running(command, folder, threads, cpus):
    environment = {**os.environ, **{name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}}
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    with open(folder / "output", "wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, preexec_fn=pin)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def complaint(path):
    """The last line that speaks of an error, or else the last line."""
    lines = pathlib.Path(path).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["(it printed nothing)"])[-1]


def watch(program, shape, corpus, settings, options, folder, seen_enough):
    """Trains until seen_enough() gives something. Returns that, the peak memory in MiB, and the seconds until the first
    update. options: limit (seconds after which it is given up), cpus."""
    command = program.command(shape, corpus, settings, folder)
    begin, startup = time.monotonic(), None
    with running(command, folder, program.operator_threads(settings), options.cpus(settings.threads)) as process:
        while startup is None or (result := seen_enough()) is None:
            if startup is None and program.updates(folder):
                startup = time.monotonic() - begin
            pid, status, _ = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                raise Failure(f"ended with {process.returncode}: {complaint(folder / 'output')}")
            if time.monotonic() - begin > options.limit:
                raise Failure(f"not done in {options.limit:.0f} s, after {len(program.updates(folder))} updates")
            time.sleep(POLL_SECONDS[startup is not None])
        os.kill(process.pid, signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    program.check(corpus, folder)
    return result, usage.ru_maxrss / 1024, startup


@contextlib.contextmanager
def run_folder(work, name):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name.replace(' ', '-')}-", dir=work))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def measure(program, shape, corpus, settings, options):
    """options: as for watch(), and work (a folder), warmup_seconds, seconds, least_updates."""
    with run_folder(options.work, program.name) as folder:
        (tokens, seconds, updates), memory, startup = watch(
            program, shape, corpus, settings, options, folder,
            lambda: window(program.updates(folder), options.warmup_seconds, options.seconds, options.least_updates))
    return Measurement(tokens / seconds, updates, seconds, tokens / updates, memory, startup)


def measure_to_loss(program, shape, corpus, settings, options, loss):
    """Returns (seconds of training, updates, seconds until the first update)."""
    with run_folder(options.work, program.name) as folder:
        (seconds, updates), _, startup = watch(program, shape, corpus, settings, options, folder,
                                               lambda: seconds_to_loss(program.validations(folder), loss))
    return seconds, updates, startup


def median(measurements):
    """Of each number over the rounds."""
    return Measurement(*(statistics.median(getattr(one, field.name) for one in measurements)
                         for field in dataclasses.fields(Measurement)))
