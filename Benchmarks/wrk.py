"""wrk: as many requests as a server answers, over connections that stay open."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
# Beside the server there are two cores at most.
THREADS = 2


@dataclass(frozen=True)
class Load:
    """Answers a second; in seconds what half of them and 99 of 100 took at most, and processor time for each."""

    rate: float
    p50: float
    p99: float
    cpu: float


def walk(server, path, hosts, seconds, connections, header="X-Forwarded-Host", are_refused=False):
    """Asks for the hosts that the file names, a line each. All must be let through, or all be refused."""
    url, before = server.url(path), server.cpu
    lines = wrk("walk.lua", url, seconds, connections, hosts, header)
    cpu = server.cpu - before
    result = next(line for line in lines if line.startswith("result "))
    requests, duration, p50, p99, refused, failed = map(int, result.split()[1:])
    if failed or refused != (requests if are_refused else 0):
        raise RuntimeError(f"{url}: of {requests} requests {refused} were refused and {failed} failed")
    return Load(requests / duration * 1e6, p50 / 1e6, p99 / 1e6, cpu / requests)


def flood(url, prefix, seconds, connections):
    """Asks for names that begin so, each of them once."""
    wrk("flood.lua", url, seconds, connections, prefix)


def wrk(script, url, seconds, connections, *arguments):
    words = ["wrk", f"-t{min(THREADS, connections)}", f"-c{connections}", f"-d{seconds}s", "-s", HERE / script, url]
    done = subprocess.run([*words, "--", *arguments], check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout.splitlines()
