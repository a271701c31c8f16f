#!/usr/bin/env python3
"""mqtt.js in Node against the server. It comes from npm, into build/interop."""

import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import interop  # noqa: E402
from interop import LAYERS, each, harness  # noqa: E402

PLACE = pathlib.Path(__file__).resolve().parents[2] / "build" / "interop"


def install():
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "scenarios.cjs"):
        shutil.copyfile(interop.HERE / "mqtt_js" / name, PLACE / name)
    if not (PLACE / "node_modules" / "mqtt").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=PLACE, check=True,
                       timeout=300)


class MqttJs(interop.Case):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("npm"):
            raise unittest.SkipTest("there is no npm")
        install()

    def play(self, name, layer, version="5", qos=1):
        scheme = {"mqtt": "mqtt", "mqtts": "mqtts", "mqtt-ws": "ws", "mqtt-wss": "wss"}[layer]
        done = subprocess.run(
            ["node", "scenarios.cjs", name, f"{scheme}://localhost:{self.port(layer)}/mqtt", version, str(qos),
             self.authority.certificate],
            cwd=PLACE, capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)

    @each([(layer, version, qos) for layer in LAYERS for version in ("311", "5") for qos in (0, 1, 2)])
    def there_and_back(self, layer, version, qos):
        self.play("there_and_back", layer, version, qos)

    @each([("mqtt", 1), ("mqtt-wss", 2)])
    def many_in_order(self, layer, qos):
        self.play("many_in_order", layer, qos=qos)

    @each(LAYERS)
    def large(self, layer):
        self.play("large", layer)

    @each(("311", "5"))
    def retained(self, version):
        self.play("retained", "mqtt-wss", version)

    @each(("311", "5"))
    def resumed(self, version):
        self.play("resumed", "mqtt-ws", version)


if __name__ == "__main__":
    interop.main()
