"""Puts patches into a copy of the tree and builds it: what tests/mutants/run and tests/survive/run
have in common."""

import fcntl
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
COPY = TOP / "build" / "mutants" / "source"
BUILD = COPY / "build" / "release"
STREAM_DISTANCE = 1_000_000  # between the first seeds of two streams


def call(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, text=True, **options)


def alone():
    """Two at a time would patch the same copy. Keep what is returned."""
    COPY.parent.mkdir(parents=True, exist_ok=True)
    lock = open(COPY.parent / "lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


ELSEWHERE = ("tests/", "net/", "client/")  # the other world's rooms: nothing there runs in a simulation


def copy_tree():
    """The tracked files as they are in the working tree; only what differs is written, so that
    only what changed is compiled. Returns a digest of all sources that have a part in a simulation."""
    digest = hashlib.sha256()
    listed = set(call("git", "-C", TOP, "ls-files", "-z", capture_output=True).stdout.split("\0"))
    for name in sorted(filter(None, listed)):
        source, target = TOP / name, COPY / name
        if not source.is_file():
            continue
        content = source.read_bytes()
        if source.suffix in (".cpp", ".hpp", ".txt") and not name.startswith(ELSEWHERE):
            digest.update(name.encode() + content)
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for path in COPY.rglob("*"):  # what an interrupted run has left behind
        if path.is_file() and BUILD not in path.parents and str(path.relative_to(COPY)) not in listed:
            path.unlink()
    return digest.hexdigest()


def build(jobs):
    if not (BUILD / "build.ninja").exists():
        call("cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DBUILD_TESTING=OFF", stdout=subprocess.DEVNULL)
    done = subprocess.run(["cmake", "--build", str(BUILD), "--target", "kodama", f"-j{jobs}"],
                          capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout[-3000:]


class Patch:
    """A file NAME.patch: what it is in comments, then a diff."""

    header = r"# (?P<what>.+)\n"
    wanted = "what it is"

    def __init__(self, path):
        self.name = path.stem
        self.text = path.read_text()
        self.said = re.match(self.header + "diff ", self.text)
        if not self.said:
            sys.exit(f"{path.name} has to begin with {self.wanted}")
        self.what = self.said["what"]

    def apply(self, *flags):
        # Not `git apply`: the copy lies in a directory that Git ignores.
        call("patch", "-s", "-p1", *flags, "-d", COPY, input=self.text)


class Mutant(Patch):
    header = (r"# (?P<what>.+)\n# family: (?P<family>.+)\n# kills: (?P<kills>.+)\n"
              r"(# needs: (?P<needs>.+)\n)?(# exposed-by: (?P<exposed_by>.+)\n)?")
    wanted = "what it breaks, its family and its checker"

    def __init__(self, path):
        super().__init__(path)
        self.family = self.said["family"]
        self.expected = self.said["kills"].split(" or ")
        self.needs = self.said["needs"]
        said = self.said["exposed_by"]
        self.faults = said.split(" or ") if said else []  # one of these lets somebody notice


def all_mutants():
    mutants = [Mutant(path) for path in sorted((TOP / "tests" / "mutants").glob("*.patch"))]
    return sorted(mutants, key=lambda m: (m.family, m.name))


def simulate(stream, limit, *flags):
    """What `kodama sim` says of the first seeds of a stream."""
    first = 1 + stream * STREAM_DISTANCE
    done = subprocess.run([str(BUILD / "kodama"), "sim", "--json", "--seeds",
                           f"{first}-{first + limit - 1}", *map(str, flags)],
                          capture_output=True, text=True)
    if done.returncode == 2:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def first_failure(stream, limit, *flags):
    return simulate(stream, limit, "--stop-after", 1, "--jobs", 1, *flags)


def write_table(name, table):
    """Between the two comments NAME and /NAME of docs/simulation.md."""
    page = TOP / "docs" / "simulation.md"
    text = page.read_text()
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    page.write_text(between.sub(lambda m: m.group(1) + table + m.group(2), text))
