"""The machine that a benchmark ran on, and the environment of the programs that Dragoman is compared with."""

import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
ENVIRONMENT = PROJECT / ".venv-training"
PYTHON = ENVIRONMENT / "bin" / "python"
NOTED_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8",
               "asimd", "sve")


def describe():
    """{"processor", "cores", "instructions", "memory_gib"}"""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    flags = set(" ".join(re.findall(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.M)).split())
    return {"processor": model[1] if model else "unknown", "cores": len(os.sched_getaffinity(0)),
            "instructions": [flag for flag in NOTED_FLAGS if flag in flags],
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)}


def describe_line(machine):
    return (f"{machine['processor']}, {machine['cores']} cores, {' '.join(machine['instructions'])}, "
            f"{machine['memory_gib']} GiB")


def requirements():
    lines = (line.split("#")[0].strip() for line in (HERE / "peers.txt").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def make_environment():
    """Makes .venv-training of peers.txt once, about 6 GB. A package that cannot be installed is reported and skipped:
    one missing peer must not affect the others. Run again, it tries again."""
    installed = ENVIRONMENT / "peers.txt"  # a copy of what was installed, written when all of it was
    wanted = (HERE / "peers.txt").read_bytes()
    if installed.is_file() and installed.read_bytes() == wanted:
        return
    if not (ENVIRONMENT / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)

    def install(*what):
        return subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries",
                               "5", "--constraint", HERE / "peers.txt", *what], stdout=sys.stderr).returncode == 0

    print(f"installing the packages of {HERE / 'peers.txt'} into {ENVIRONMENT}", file=sys.stderr)
    if install("--requirement", HERE / "peers.txt"):
        installed.write_bytes(wanted)
        return
    failed = [requirement for requirement in requirements() if not install(requirement)]
    print(f"could not be installed: {' '.join(failed) or 'the packages together'}", file=sys.stderr)


def package_version(module, package):
    """(version, "") of a package of the environment whose module can be imported, else ("", why not)."""
    if not PYTHON.exists():
        return "", "there is no .venv-training"
    asked = subprocess.run([PYTHON, "-B", "-c", f"import importlib.metadata, {module}; "
                            f"print(importlib.metadata.version({package!r}))"], capture_output=True, text=True)
    if asked.returncode == 0:
        return asked.stdout.split()[-1], ""
    return "", (asked.stderr.strip().splitlines() or ["import failed"])[-1]


def dragoman_version(program):
    """Its own version, and the commit of this checkout, "+" after it when files differ from it."""
    own = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    asked = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=PROJECT, capture_output=True, text=True)
    return f"{own} (checkout {asked.stdout.strip() or 'unknown'})"
