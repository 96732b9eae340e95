"""What a new process costs: seconds from its start until the first line is there, and its peak memory."""

import os
import pathlib
import statistics
import subprocess
import time

import report

HERE = pathlib.Path(__file__).resolve().parent


def one_line(command, line):
    """(seconds, MiB)"""
    begin = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(line)
    process.stdin.close()
    answer = process.stdout.readline()
    seconds = time.monotonic() - begin
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or not answer:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def measure(options, shape, folders, precision):
    """[{"shape", "precision", "program", "seconds": [...], "memory_mib": [...]}]"""
    if precision == "bfloat16":
        return []
    line = (folders[0] / "text").read_bytes().split(b"\n")[0] + b"\n"
    commands = {
        "dragoman": [options.dragoman, "translate", "--model", folders[0], "--precision", precision, "--beam-size", 1,
                     "--threads", 1, "--min-length", 24, "--max-length", 25],
        "ctranslate2": [options.python, "-B", HERE / "ctranslate2_line.py", folders[1], folders[0] / "source.spm",
                        precision]}
    rows = [{"shape": shape, "precision": precision, "program": name, "seconds": [], "memory_mib": []}
            for name in commands]
    for _ in range(options.rounds):
        for row in rows:
            seconds, memory = one_line(commands[row["program"]], line)
            row["seconds"].append(seconds)
            row["memory_mib"].append(memory)
    return rows


def table(rows):
    return report.table(["shape", "precision", "program", "seconds", "range", "peak MiB"],
                        [[row["shape"], row["precision"], row["program"], f"{statistics.median(row['seconds']):.2f}",
                          f"{min(row['seconds']):.2f}-{max(row['seconds']):.2f}",
                          f"{statistics.median(row['memory_mib']):.0f}"] for row in rows])
