"""What the tests with other people's clients share: a server with every listener, and the clients
as programs."""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402
from certificates import Authority  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

CONFIG = """
threads = 2
passwords = "{users}"
[mqtt_limits]
keep_alive_max = 60
[tls.main]
certificate = "{certificate}"
key = "{key}"
[anonymous]
subscribe_denied = ["denied/#"]
publish_denied = ["denied/#"]
[plans.small]
message_size_max = "1KiB"
subscriptions_max = 3
[users.limited]
plan = "small"
[[listener]]
protocol = "mqtt"
address = "127.0.0.1:0"
[[listener]]
protocol = "mqtt"
address = "127.0.0.1:0"
tls = "main"
[[listener]]
protocol = "mqtt"
address = "127.0.0.1:0"
websocket = true
[[listener]]
protocol = "mqtt"
address = "127.0.0.1:0"
tls = "main"
websocket = true
[[listener]]
protocol = "http"
address = "127.0.0.1:0"
"""

LAYERS = ("mqtt", "mqtts", "mqtt-ws", "mqtt-wss")


@functools.cache
def certificates():
    directory = tempfile.TemporaryDirectory(prefix="kodama-interop-")
    unittest.addModuleCleanup(directory.cleanup)
    authority = Authority(directory.name)
    return authority, authority.issue("main", "localhost")


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.authority, (certificate, key) = certificates()
        users = pathlib.Path(self.directory) / "users"
        subprocess.run([harness.KODAMA, "passwd", users, "limited"], input="right\n", text=True,
                       check=True, timeout=harness.PATIENCE)
        self.server = self.serve("--log-level", "debug", config=CONFIG.format(
            users=users, certificate=certificate, key=key))

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0, self.server.stderr()[-2000:])

    def port(self, layer):
        return self.server.port_of(layer)

    def mosquitto_pub(self, *arguments):
        done = subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port("mqtt")),
                               *map(str, arguments)], capture_output=True, text=True,
                              timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)

    def native_sub(self, *arguments):
        return self.subscribe(self.server.address, *arguments)

    def native_pub(self, *arguments):
        return self.publish(self.server.address, *arguments)


def each(cases):
    """Makes a test of every case: `test_NAME` for the function's name and the case's."""

    def decorate(function):
        function.cases = cases
        return function

    return decorate


def expand(module):
    """Names every case of every decorated test, so that each is counted and told by itself."""
    for case in list(vars(module).values()):
        if not (isinstance(case, type) and issubclass(case, unittest.TestCase)):
            continue
        for name, function in list(vars(case).items()):
            if not hasattr(function, "cases"):
                continue
            for one in function.cases:
                words = one if isinstance(one, tuple) else (one,)
                label = "_".join(str(word).replace("-", "_") for word in words)

                def test(self, function=function, words=words):
                    function(self, *words)

                test.__doc__ = None
                setattr(case, f"test_{name}_{label}", test)
            delattr(case, name)


def main():
    expand(sys.modules["__main__"])
    harness.main()


__all__ = ["Case", "HERE", "LAYERS", "each", "expand", "harness", "json", "main", "os"]
