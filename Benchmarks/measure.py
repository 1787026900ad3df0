"""Wall times of whole processes and their peak memory."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """What a command took. The peak is an upper bound: the kernel counts in the 15 MiB of this program."""

    seconds: float
    peak_mib: float


def run(*commands, cwd=None, env=None):
    """Runs commands side by side until the last one ends. What they print goes nowhere, unless one fails."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        programs = [
            subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=errors)
            for command in commands
        ]
        peak = 0
        for program in programs:
            # Popen.wait() would not tell of the memory.
            _, status, usage = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
            peak = max(peak, usage.ru_maxrss)
        took = Run(time.perf_counter() - start, peak / 1024)
        for program in programs:
            if program.returncode:
                errors.seek(0)
                words = " ".join(map(str, program.args))
                sys.exit(f"{errors.read().decode()}{words} ended with status {program.returncode}")
    return took


def in_turn(rounds, *measurements):
    """Makes the measurements in turn, so that whatever else the machine does hits all of them; the medians."""
    times = [[measurement() for measurement in measurements] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times)]
