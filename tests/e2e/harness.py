"""The real binary over loopback: what every end-to-end test is made of.

The programs under test are children of the test: each is stopped when its test ends, whatever it
did. Ports are the system's choice; proxies listen at the server's own number on another address of
the loopback network, because clients learn the server's UDP port.
"""

import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

KODAMA = os.environ.get("KODAMA", "kodama")
PATIENCE = 60  # seconds: for what takes a moment, on a machine that is busy with other tests


def minimal_client():
    """docs/examples/minimal_client.py as a module: the wire format, written from the documents."""
    path = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "minimal_client.py"
    spec = importlib.util.spec_from_file_location("minimal_client", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numbers(count):
    return "".join(f"{i}\n" for i in range(1, count + 1))


class Program:
    """One running kodama; its output goes to files, so that nobody has to drain pipes."""

    def __init__(self, directory, *arguments, stdin=None, errors=None, environment=None, binary=None):
        self.binary = binary or KODAMA
        self.arguments = arguments
        self.output = tempfile.NamedTemporaryFile("w+", dir=directory, suffix=".out")
        self.errors = tempfile.NamedTemporaryFile("w+", dir=directory, suffix=".err")
        self.process = subprocess.Popen(
            [self.binary, *map(str, arguments)],
            stdin=stdin or subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.errors if errors is None else errors,
            env={**os.environ, **(environment or {})},
        )

    def stdout(self):
        return pathlib.Path(self.output.name).read_text(errors="replace")

    def stderr(self):
        return pathlib.Path(self.errors.name).read_text(errors="replace")

    def lines(self):
        """What it printed, each line read as JSON."""
        return [json.loads(line) for line in self.stdout().splitlines()]

    def until(self, said, times=1):
        """Waits until stdout and stderr together hold the pattern so often; its last match."""
        deadline = time.monotonic() + PATIENCE
        while True:
            ended = self.process.poll() is not None
            found = list(re.finditer(said, self.stdout() + "\n" + self.stderr()))
            if len(found) >= times:
                return found[times - 1]
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{self} never said {said!r}\n{self.stderr()[-2000:]}")
            time.sleep(0.01)

    def wait(self, patience=PATIENCE):
        """The exit code."""
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} does not end\n{self.stderr()[-2000:]}") from None

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait()

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+)", status)[1])

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()
        self.errors.close()

    def __str__(self):
        return " ".join([pathlib.Path(self.binary).name, *map(str, self.arguments)])


def serve_threads():
    """With how many threads servers are to run, where the surroundings say so."""
    threads = os.environ.get("KODAMA_SERVE_THREADS")
    return ["--threads", threads] if threads else []


class Server(Program):
    def __init__(self, directory, *arguments, config=""):
        file = pathlib.Path(directory) / "kodama.toml"
        file.write_text(config)
        super().__init__(
            directory, "serve", "--listen", "127.0.0.1:0", "--config", file,
            *serve_threads(), *arguments
        )
        ready = self.until(r"kodama: ready (native=.*)\n")
        self.places = {}  # what is spoken -> where, in the order of the line
        for name, place in (word.split("=", 1) for word in ready[1].split()):
            self.places.setdefault(name, []).append(place)
        self.address = self.places["native"][0]
        self.mqtt = self.places.get("mqtt", [None])[0]
        self.port = int(self.address.rsplit(":", 1)[1])

    def port_of(self, name, which=0):
        return int(self.places[name][which].rsplit(":", 1)[1])


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="kodama-e2e-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def start(self, *arguments, **options):
        return self.keep(Program(self.directory, *arguments, **options))

    def keep(self, program):
        self.addCleanup(program.close)
        return program

    def serve(self, *arguments, **options):
        return self.keep(Server(self.directory, *arguments, **options))

    def flaky(self, server, host, *arguments):
        """A proxy before the server; its address."""
        proxy = self.start(
            "flaky", "--listen", f"{host}:{server.port}", "--to", server.address, *arguments
        )
        return proxy.until(r"kodama: flaky ready listen=(\S+)")[1]

    def subscribe(self, address, *arguments, **options):
        """A subscriber whose subscription stands."""
        program = self.start("sub", "--connect", address, "--verbose", *arguments, **options)
        program.until(r"subscribed to ")
        return program

    def publish(self, address, *arguments, lines=None):
        """Runs a publisher to its end; `lines` are its stdin."""
        done = subprocess.run(
            [KODAMA, "pub", "--connect", address, *arguments],
            input=lines or "",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def ask(self, *arguments, environment=None):
        """Runs anything to its end, whatever comes of it."""
        return subprocess.run(
            [KODAMA, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, **(environment or {})},
        )

    def assert_one_line(self, text, said):
        self.assertRegex(text, said)
        self.assertEqual(len(text.splitlines()), 1, text)


def main():
    if len(sys.argv) > 1 and os.path.sep in sys.argv[1]:
        global KODAMA
        KODAMA = sys.argv.pop(1)
    unittest.main(verbosity=2)
