"""The console blocks of a page, run in a real shell and compared with what the page says of them.

A block's lines are commands after `$ ` and what the terminal shows below each, standard error included; a line `...`
stands for any lines. What differs from run to run may differ: versions that are the time of day (but the same one must
be the same again), durations, and the order of tenants that are migrated at the same time. A command that ends
with `# after editing` has the text that the page shows written into the file that it prints.
"""

import itertools
import os
import re
import shlex
import subprocess
import threading
from typing import NamedTuple

_VERSION = re.compile(r"(?<!\d)\d{14}(?!\d)")
_DURATION = re.compile(r"\b\d+(\.\d+)? (ms|s|min)\b")
_CONCURRENT = re.compile(r"\w+: (applied|rolled back) ")
_END = "=== end of the output ==="


class Block(NamedTuple):
    heading: str
    language: str
    line: int
    text: str


class Command(NamedTuple):
    line: int
    text: str
    output: str


def blocks(page):
    """The fenced blocks of a page, each with the heading above it and the number of its first line."""
    heading, block = "", None
    for number, line in enumerate(page.splitlines(), start=1):
        if line.startswith("```") and block:
            yield block
            block = None
        elif line.startswith("```"):
            block = Block(heading, line.removeprefix("```"), number + 1, "")
        elif block:
            block = block._replace(text=f"{block.text}{line}\n")
        elif line.startswith("#"):
            heading = line.lstrip("# ")


def commands(block):
    """The commands of a console block, each with what the page says that it prints."""
    found = []
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if line.startswith("$ "):
            found.append(Command(number, line.removeprefix("$ "), ""))
        else:
            found[-1] = found[-1]._replace(output=f"{found[-1].output}{line}\n")
    return found


class Console:
    """A shell that has commands typed into it, one after the other. They read from no terminal."""

    # `$?` is the status of the command before.
    _LOOP = """
        while IFS= read -r -d '' -u {keyboard} line; do
          (exit "$status")
          eval "$line"
          status=$?
          printf '\\n{end}\\n'
        done
    """

    def __init__(self, folder, environment):
        self._folder = folder
        # From the page's versions to those of this run.
        self._versions = {}
        keyboard, self._typed = os.pipe()
        self._shell = subprocess.Popen(
            ["bash", "-c", self._LOOP.format(keyboard=keyboard, end=_END)],
            cwd=folder,
            env={**environment, "status": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[keyboard],
        )
        os.close(keyboard)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._typed)
        self._shell.wait(10)
        self._shell.stdout.close()

    def check(self, command):
        """Runs a command and compares; `AssertionError` with both texts where they differ."""
        text = self._here(command.text)
        if text.endswith(" # after editing"):
            (self._folder / shlex.split(text, comments=True)[-1]).write_text(command.output)
        output = self.run(text)
        shown = command.output.splitlines()
        found = output.splitlines()
        told = f"line {command.line}: {command.text}\n--- it says\n{command.output}--- it is\n{output}"
        assert _matches(shown, found), told
        if "..." not in shown:
            for there, here in zip(_VERSION.findall(command.output), _VERSION.findall(output)):
                assert self._versions.setdefault(there, here) == here, told

    def run(self, text):
        """Runs a command, as it is; returns what it printed on both streams."""
        watchdog = threading.Timer(60, self._shell.kill)
        watchdog.start()
        os.write(self._typed, f"{text}\0".encode())
        output = ""
        while not output.endswith(f"\n{_END}\n"):
            line = self._shell.stdout.readline()
            assert line, f"the shell has ended in: {text}\n{output}"
            output += line
        watchdog.cancel()
        return output.removesuffix(f"\n{_END}\n")

    def _here(self, text):
        return _VERSION.sub(lambda version: self._versions.get(version[0], version[0]), text)


def _matches(shown, found):
    pattern = "".join(".*?" if line == "..." else re.escape(f"{line}\n") for line in _steady(shown))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _steady(found)), re.DOTALL) is not None


def _steady(lines):
    """The lines without what differs from run to run; neighbours that ran at the same time are in one order."""
    lines = [_DURATION.sub("DURATION", _VERSION.sub("VERSION", line)).rstrip() for line in lines]
    groups = itertools.groupby(lines, key=lambda line: bool(_CONCURRENT.match(line)))
    return [line for together, group in groups for line in (sorted(group) if together else group)]
