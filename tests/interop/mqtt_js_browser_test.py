#!/usr/bin/env python3
"""mqtt.js in a headless Chromium against the server, by WebSocket and TLS. The browser trusts the
tests' authority because its own database of certificates says so, and checks what it is shown."""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import interop  # noqa: E402
import mqtt_js_test  # noqa: E402
from certificates import Authority  # noqa: E402
from interop import each, harness  # noqa: E402

VERSIONS = ("311", "5")
ANOTHER_HOST, UNKNOWN_AUTHORITY = "-200", "-202"  # Chromium's ERR_CERT_COMMON_NAME_INVALID, _AUTHORITY_INVALID
OTHER = """
[tls.main]
certificate = "{certificate}"
key = "{key}"
[[listener]]
protocol = "mqtt"
address = "127.0.0.1:0"
tls = "main"
websocket = true
"""
LIBRARY = mqtt_js_test.PLACE / "node_modules" / "mqtt" / "dist" / "mqtt.min.js"
HELPERS = interop.HERE / "mqtt_js" / "browser.js"
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>mqtt.js</title>
<link rel="icon" href="data:,">
<script>const asked = %s;</script>
<script src="mqtt.min.js"></script>
<script src="browser.js"></script>
<script>
play(async () => {%s});
</script>
"""


def chromium():
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


class Site(http.server.ThreadingHTTPServer):
    """Where the page comes from, and whom it tells what happens."""

    daemon_threads = True

    def __init__(self, script, asked):
        self.pages = {
            "/": ("text/html", (PAGE % (json.dumps(asked), script)).encode()),
            "/mqtt.min.js": ("text/javascript", LIBRARY.read_bytes()),
            "/browser.js": ("text/javascript", HELPERS.read_bytes()),
        }
        self.told = queue.Queue()
        super().__init__(("127.0.0.1", 0), Visit)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a browser that is killed says nothing more

    def close(self):
        self.shutdown()
        self.server_close()


class Visit(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, body = self.server.pages.get(self.path, (None, b""))
        self.answer(200 if kind else 404, kind or "text/plain", body)

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        go_on = queue.Queue()
        self.server.told.put((told["what"], told["value"], go_on))
        try:
            go_on.get(timeout=harness.PATIENCE)
        except queue.Empty:
            return self.answer(503)
        self.answer(204)

    def answer(self, status, kind=None, body=b""):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Page:
    """A page in a Chromium of its own, which trusts nobody but the authorities."""

    def __init__(self, script, authorities, asked):
        self.site = Site(script, asked)
        # What is left of the browser may still write when its home is removed.
        self.home = tempfile.TemporaryDirectory(prefix="kodama-browser-", ignore_cleanup_errors=True)
        home = pathlib.Path(self.home.name)
        database = home / ".pki" / "nssdb"
        database.mkdir(parents=True)
        self.certutil(database, "-N", "--empty-password")
        for authority in authorities:
            self.certutil(database, "-A", "-t", "C,,", "-n", authority.name, "-i", authority.certificate)
        own = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        self.log = home / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--no-first-run", "--disable-background-networking", "--disable-component-update",
                    "--disable-sync", "--enable-logging=stderr", f"--user-data-dir={home / 'profile'}",
                    f"http://localhost:{self.site.server_address[1]}/",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**own, "HOME": str(home), "TMPDIR": str(home)},
            )

    @staticmethod
    def certutil(database, *arguments):
        subprocess.run(["certutil", "-d", f"sql:{database}", *map(str, arguments)], check=True,
                       capture_output=True, timeout=harness.PATIENCE)

    def said(self):
        """What the browser itself wrote, but for its longing for a desktop."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if "/dbus/" not in line and ":dbus/" not in line)

    def refusals(self):
        """Chromium's numbers of what was wrong with certificates that it was shown."""
        return re.findall(r"handshake failed; .* net_error (-\d+)", self.said())

    def hear(self, what):
        deadline = time.monotonic() + harness.PATIENCE
        while True:
            try:
                real, value, go_on = self.site.told.get(timeout=0.2)
                break
            except queue.Empty:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the page never told {what}\n{self.said()[-2000:]}") from None
        if real != what:
            go_on.put(None)
            raise AssertionError(f"the page told {real} instead of {what}: {value}\n{self.said()[-2000:]}")
        return value, go_on

    @contextlib.contextmanager
    def waits(self, what):
        """The page has come there, and goes on when the block is done."""
        value, go_on = self.hear(what)
        yield value
        go_on.put(None)

    def report(self):
        with self.waits("report") as value:
            return value

    def kill(self):
        """The whole browser at once: nobody is left to close a connection."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self):
        self.kill()
        self.site.close()
        self.home.cleanup()


class Wire:
    """Between the browser and a port of the server. It can be cut, also by itself each time that so many
    bytes have come from the server, and mended."""

    def __init__(self, port, cut_after=None):
        self.to, self.cut_after = port, cut_after
        self.lock = threading.Lock()
        self.whole, self.cuts, self.ends = True, 0, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                with self.lock:
                    if not self.whole:
                        near.close()
                        continue
                    far = socket.create_connection(("127.0.0.1", self.to))
                    self.ends |= {near, far}
                threading.Thread(target=self.pass_on, args=(near, far, None), daemon=True).start()
                threading.Thread(target=self.pass_on, args=(far, near, self.cut_after), daemon=True).start()

    def pass_on(self, here, there, left):
        with contextlib.suppress(OSError):
            while data := here.recv(65536 if left is None else min(65536, left)):
                there.sendall(data)
                if left is not None:
                    left -= len(data)
                    if not left:
                        self.cuts += 1
                        break
        self.end(here, there)

    def end(self, *ends):
        for one in ends:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self):
        with self.lock:
            self.whole = False
            self.end(*self.ends)

    def mend(self):
        with self.lock:
            self.whole = True

    def close(self):
        self.cut()
        self.end(self.listener)
        for one in (self.listener, *self.ends):
            one.close()


class Case(interop.Case):
    @classmethod
    def setUpClass(cls):
        for name, program in (("npm", shutil.which("npm")), ("chromium", chromium()),
                              ("certutil", shutil.which("certutil"))):
            if not program:
                raise unittest.SkipTest(f"there is no {name}")
        mqtt_js_test.install()

    def setUp(self):
        super().setUp()
        self.pages = []

    def tearDown(self):
        for page in self.pages:
            page.close()
        super().tearDown()

    def visit(self, script, version="5", port=None, authorities=None, **asked):
        """Opens a page that plays the script, with `asked` at hand."""
        page = Page(script, [self.authority] if authorities is None else authorities,
                    {"url": self.url(port or self.port("mqtt-wss")), "version": version, **asked})
        self.pages.append(page)
        return page

    @staticmethod
    def url(port):
        return f"wss://localhost:{port}/mqtt"

    def wire(self, **options):
        wire = Wire(self.port("mqtt-wss"), **options)
        self.addCleanup(wire.close)
        return wire

    def gone(self, name):
        """Waits until the server knows that the client's connection is gone."""
        client = self.server.until(f'client (\\d+): "{name}" connected')[1]
        self.server.until(f"client {client}: connection gone")

    def watch(self, *arguments, form="%t %p qos=%q retain=%r"):
        """mosquitto_sub whose subscription stands."""
        program = self.start("-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", self.port("mqtt"), "-V", "5", "-d",
                             "-F", f"got {form}.", *arguments, binary="stdbuf")
        program.until("Subscribed")
        return program

    @staticmethod
    def got(program):
        return re.findall(r"^got (.*)\.$", program.stdout(), re.MULTILINE)


class Connections(Case):
    @each(VERSIONS)
    def connects(self, version):
        report = self.visit("""
          const client = await connect("c");
          const { cmd, returnCode, reasonCode, sessionPresent, properties } = client.connack;
          const { protocol, extensions, url } = client.stream.socket;
          const report = { cmd, code: returnCode ?? reasonCode, sessionPresent, protocol, extensions, url,
            receiveMaximum: properties && properties.receiveMaximum };
          await client.endAsync();
          return { ...report, sockets: sockets.length };
        """, version).report()
        self.assertEqual(report, {
            "cmd": "connack", "code": 0, "sessionPresent": False, "protocol": "mqtt", "extensions": "",
            "url": self.url(self.port("mqtt-wss")), "sockets": 1,
            **({"receiveMaximum": 1024} if version == "5" else {})})

    def test_the_subprotocol(self):
        report = self.visit("""
          const outcome = (...protocols) => new Promise((resolve) => {
            const socket = new WebSocket(asked.url, ...protocols);
            socket.onopen = () => { resolve(socket.protocol); socket.close(); };
            socket.onerror = () => resolve("refused");
          });
          return [await outcome("mqtt"), await outcome(["other", "mqtt"]), await outcome("other"), await outcome()];
        """).report()
        self.assertEqual(report, ["mqtt", "mqtt", "refused", "refused"])

    def test_a_text_frame_closes_it(self):
        report = self.visit("""
          const socket = new WebSocket(asked.url, "mqtt");
          socket.onopen = () => socket.send("text");
          const { code, wasClean } = await new Promise((resolve) => (socket.onclose = resolve));
          return [code, wasClean];
        """).report()
        self.assertEqual(report, [1003, True])

    @each(VERSIONS)
    def pings_keep_it(self, version):
        # After 3 s of silence the server would close it.
        report = self.visit("""
          const client = await connect("c", { keepalive: 2 });
          client.packets.items = [];
          await pause(5000);
          return { connected: client.connected, heard: client.packets.items.map((packet) => packet.cmd) };
        """, version).report()
        self.assertTrue(report["connected"])
        self.assertEqual(set(report["heard"]), {"pingresp"})
        self.assertGreaterEqual(len(report["heard"]), 2)

    def test_silence_ends_it_after_one_and_a_half_keep_alives(self):
        report = self.visit("""
          const client = dial("c", { keepalive: 1 });
          client.sendPing = client.onKeepaliveTimeout = () => {};
          const began = await new Promise((resolve) =>
            client.stream.socket.addEventListener("open", () => resolve(performance.now())));
          const [, packet] = await client.packets.take(2);
          return { cmd: packet.cmd, code: packet.reasonCode, seconds: (performance.now() - began) / 1000 };
        """).report()
        self.assertEqual((report["cmd"], report["code"]), ("disconnect", 0x8D))
        self.assertGreaterEqual(report["seconds"], 1.45)


class Delivery(Case):
    @each([(version, qos) for version in VERSIONS for qos in (0, 1, 2)])
    def two_hundred_there_and_back(self, version, qos):
        texts = [f"{i} " + "ö" * i for i in range(200)]
        report = self.visit("""
          const sender = await connect("a"), receiver = await connect("b");
          const granted = await receiver.subscribeAsync("t/+", { qos: 2 });
          const sent = asked.texts.map((text) => sender.publishAsync("t/x", text, { qos: asked.qos }));
          const got = await receiver.inbox.take(asked.texts.length);
          await Promise.all(sent);
          got.push(...(await receiver.inbox.rest()));
          await sender.endAsync();
          await receiver.endAsync();
          return { got: got.map(brief), dup: got.some((each) => each.dup), granted: granted[0].qos };
        """, version, qos=qos, texts=texts).report()
        self.assertEqual([text for _, text, _, _ in report["got"]], texts)
        self.assertEqual({(topic, q, retain) for topic, _, q, retain in report["got"]}, {("t/x", qos, False)})
        self.assertEqual((report["dup"], report["granted"]), (False, 2))

    def test_exactly_once_over_a_wire_that_breaks(self):
        wire = self.wire(cut_after=4_000)
        report = self.visit("""
          const options = { ...kept(), reconnectPeriod: 50 };
          const sender = await connect("a", options), receiver = await connect("b", options);
          await receiver.subscribeAsync("t", { qos: 2 });
          for (let i = 0; i !== 200; ++i) sender.publish("t", String(i), { qos: 2 });
          const got = await receiver.inbox.take(200);
          got.push(...(await receiver.inbox.rest()));
          return got.map(brief);
        """, port=wire.port).report()
        self.assertGreater(wire.cuts, 1)
        self.assertEqual(report, [["t", str(i), 2, False] for i in range(200)])

    @each(VERSIONS)
    def binary_to_itself(self, version):
        # Sizes at which the frame's own length is told in another way, and texts that are none in UTF-8.
        contents = [b"", b"\0", b"\xff\xfe\x80", bytes(range(256)) * 16, *(os.urandom(n) for n in range(110, 130)),
                    os.urandom(60_000)]
        report = self.visit("""
          const client = await connect("c");
          await client.subscribeAsync("t", { qos: 1 });
          for (const content of asked.contents) await client.publishAsync("t", unhex(content), { qos: 1 });
          return (await client.inbox.take(asked.contents.length)).map(({ payload }) => hex(payload));
        """, version, contents=[content.hex() for content in contents]).report()
        self.assertEqual(report, [content.hex() for content in contents])

    @each(VERSIONS)
    def binary_from_and_to_others(self, version):
        content = bytes(range(256)) * 200 + os.urandom(5_000)
        file = pathlib.Path(self.directory) / "content"
        file.write_bytes(content)
        # %x: as hexadecimal digits
        other = self.watch("-t", "back", form="%x")
        page = self.visit("""
          const client = await connect("c");
          await client.subscribeAsync("there", { qos: 2 });
          await tell("subscribed");
          const { payload } = await client.inbox.next();
          await client.publishAsync("back", payload, { qos: 2 });
          return [payload.length, hex(new Uint8Array(await crypto.subtle.digest("SHA-256", payload)))];
        """, version)
        with page.waits("subscribed"):
            self.mosquitto_pub("-t", "there", "-f", file, "-q", 2)
        self.assertEqual(page.report(), [len(content), hashlib.sha256(content).hexdigest()])
        other.until(r"got .*\.")
        self.assertEqual(bytes.fromhex(self.got(other)[0]), content)

    def test_from_and_to_native(self):
        native = self.native_sub("--count", "1", "back")
        page = self.visit("""
          const client = await connect("c");
          await client.subscribeAsync("there", { qos: 2 });
          await tell("subscribed");
          const got = await client.inbox.next();
          await client.publishAsync("back", "from the page", { qos: 1 });
          return brief(got);
        """)
        with page.waits("subscribed"):
            self.native_pub("there", "from native")
        self.assertEqual(page.report(), ["there", "from native", 2, False])
        self.assertEqual(native.wait(), 0)
        self.assertEqual(native.stdout(), "from the page\n")

    def test_user_properties(self):
        other = self.watch("-t", "t", form="%t %p %C %R %P")
        page = self.visit("""
          const client = await connect("c");
          await client.subscribeAsync(["t", "other"], { qos: 1 });
          await client.publishAsync("t", "x", { qos: 1, properties: {
            userProperties: { k: ["v", "w"], "ключ": "значение", empty: "" }, contentType: "text/plain",
            responseTopic: "back", correlationData: unhex("00ff37"), payloadFormatIndicator: true,
            messageExpiryInterval: 1000 } });
          const { userProperties, contentType, responseTopic, correlationData, payloadFormatIndicator,
            messageExpiryInterval } = (await client.inbox.next()).properties;
          await tell("subscribed");
          const foreign = await client.inbox.next();
          return { own: { userProperties, contentType, responseTopic, correlationData: hex(correlationData),
            payloadFormatIndicator, messageExpiryInterval },
            foreign: [foreign.text, foreign.properties.userProperties, foreign.properties.contentType] };
        """)
        with page.waits("subscribed"):
            self.mosquitto_pub("-V", 5, "-t", "other", "-m", "y", "-q", 1, "-D", "publish", "user-property", "a", "1",
                               "-D", "publish", "user-property", "a", "2", "-D", "publish", "user-property", "b", "3",
                               "-D", "publish", "content-type", "text/html")
        report = page.report()
        self.assertIn(report["own"].pop("messageExpiryInterval"), (999, 1000))
        self.assertEqual(report, {
            "own": {"userProperties": {"k": ["v", "w"], "ключ": "значение", "empty": ""},
                    "contentType": "text/plain", "responseTopic": "back", "correlationData": "00ff37",
                    "payloadFormatIndicator": True},
            "foreign": ["y", {"a": ["1", "2"], "b": "3"}, "text/html"]})
        other.until(r"got .*\.")
        self.assertEqual(self.got(other), ["t x text/plain back k:v k:w ключ:значение empty:"])

    @each(VERSIONS)
    def retained(self, version):
        self.mosquitto_pub("-t", "r/a", "-m", "old", "-q", 1, "-r")
        self.mosquitto_pub("-t", "r/a", "-m", "kept", "-q", 1, "-r")
        report = self.visit("""
          const client = await connect("c");
          const topics = async () => (await client.inbox.rest()).map(brief).sort();
          await client.publishAsync("r/b", "by the page", { qos: 2, retain: true });
          await client.publishAsync("r/c", "not kept", { qos: 2 });
          const report = [];
          await client.subscribeAsync("r/+", { qos: 2 });
          report.push(await topics());
          await client.publishAsync("r/a", "live", { qos: 1, retain: true });
          report.push(await topics());
          await client.publishAsync("r/b", "", { qos: 1, retain: true });
          report.push(await topics());
          await client.subscribeAsync("r/#", { qos: 2 });
          report.push(await topics());
          return report;
        """, version).report()
        self.assertEqual(report, [
            [["r/a", "kept", 1, True], ["r/b", "by the page", 2, True]],
            [["r/a", "live", 1, False]],
            [["r/b", "", 1, False]],
            [["r/a", "live", 1, True]],
        ])
        # What others see of it.
        other = self.watch("-t", "r/#", "-q", 2)
        other.until(r"got .*\.")
        self.assertEqual(self.got(other), ["r/a live qos=1 retain=1"])


class Subscriptions(Case):
    @each(VERSIONS)
    def wildcards(self, version):
        filters = {
            "a/+/c": ["a//c", "a/b/c"],
            "a/#": ["a", "a//c", "a/b", "a/b/c", "a/b/c/d"],
            "+": ["a", "b"],
            "+/b/#": ["a/b", "a/b/c", "a/b/c/d"],
            "#": ["/a", "a", "a//c", "a/b", "a/b/c", "a/b/c/d", "b"],
            "$own/#": ["$own/b"],
        }
        topics = ["a", "b", "a/b", "a//c", "a/b/c", "a/b/c/d", "/a", "$own/b"]
        report = self.visit("""
          const clients = [];
          for (const filter of asked.filters) {
            const client = await connect("c" + clients.length);
            await client.subscribeAsync(filter, { qos: 1 });
            clients.push(client);
          }
          for (const topic of asked.topics) await clients[0].publishAsync(topic, "in " + topic, { qos: 1 });
          await pause(300);
          return clients.map((client) => client.inbox.items.map(brief).sort());
        """, version, filters=list(filters), topics=topics).report()
        self.assertEqual(dict(zip(filters, report)), {
            text: [[topic, f"in {topic}", 1, False] for topic in matching] for text, matching in filters.items()})

    @each(VERSIONS)
    def shared(self, version):
        report = self.visit("""
          const members = [await connect("m0"), await connect("m1"), await connect("m2")];
          const plain = await connect("plain");
          for (const member of members) await member.subscribeAsync("$share/g/t/#", { qos: 1 });
          await plain.subscribeAsync("t/#", { qos: 1 });
          for (let i = 0; i !== 30; ++i) await plain.publishAsync("t/x", String(i), { qos: 1 });
          await pause(300);
          return [...members, plain].map((client) => client.inbox.items.map(brief));
        """, version).report()
        texts = [[int(text) for _, text, _, _ in one] for one in report]
        self.assertEqual(texts[3], list(range(30)))
        self.assertEqual(sorted(sum(texts[:3], [])), list(range(30)))
        self.assertEqual([len(one) for one in texts[:3]], [10, 10, 10])
        for one in texts[:3]:
            self.assertEqual(one, sorted(one))
        self.assertEqual({(topic, qos, retain) for one in report for topic, _, qos, retain in one},
                         {("t/x", 1, False)})

    @each(VERSIONS)
    def unsubscribed(self, version):
        report = self.visit("""
          const client = await connect("c");
          await client.subscribeAsync(["t", "end"], { qos: 1 });
          await client.publishAsync("t", "heard", { qos: 1 });
          const first = await client.inbox.next();
          await client.unsubscribeAsync("t");
          await client.publishAsync("t", "unheard", { qos: 1 });
          await client.publishAsync("end", "end", { qos: 1 });
          return [first, ...(await client.inbox.rest())].map(brief);
        """, version).report()
        self.assertEqual(report, [["t", "heard", 1, False], ["end", "end", 1, False]])

    @each(VERSIONS)
    def denied(self, version):
        refusal = 0x87 if version == "5" else 0x80
        report = self.visit("""
          const client = await connect("c");
          client.packets.items = [];
          client.subscribe(["ok", "denied/x"], { qos: 2 });
          const { cmd, granted } = await client.packets.next();
          let code = null;
          if (asked.version === "5")
            await client.publishAsync("denied/x", "x", { qos: 1 }).catch((error) => (code = error.code));
          return [cmd, granted, code];
        """, version).report()
        self.assertEqual(report, ["suback", [2, refusal], refusal if version == "5" else None])


class Sessions(Case):
    @each(VERSIONS)
    def resumed_by_the_client_itself(self, version):
        wire = self.wire()
        page = self.visit("""
          const client = await connect("c", { ...kept(), reconnectPeriod: 100 });
          await client.subscribeAsync("t", { qos: 2 });
          await tell("subscribed");
          const before = await client.inbox.take(1);
          await client.publishAsync("after/its/acknowledgement", "", { qos: 1 });
          await tell("before");
          const again = await client.ups.next();
          const meanwhile = await client.inbox.take(20);
          await tell("meanwhile");
          const after = await client.inbox.take(1);
          return { present: [client.connack.sessionPresent, again.sessionPresent],
            got: [...before, ...meanwhile, ...after, ...(await client.inbox.rest())].map(brief),
            sockets: sockets.length };
        """, version, port=wire.port)
        with page.waits("subscribed"):
            self.mosquitto_pub("-t", "t", "-m", "before", "-q", 1)
        with page.waits("before"):
            wire.cut()
            self.gone("c")
            for i in range(20):
                self.mosquitto_pub("-t", "t", "-m", i, "-q", 1 + i % 2)
            wire.mend()
        with page.waits("meanwhile"):
            self.mosquitto_pub("-t", "t", "-m", "after", "-q", 2)
        report = page.report()
        self.assertEqual(report["present"], [False, True])
        self.assertGreater(report["sockets"], 1)
        # mqtt.js shows what came at QoS 2 when it is released: the order of each QoS is one of its own.
        self.assertEqual([report["got"][0], report["got"][-1]], [["t", "before", 1, False], ["t", "after", 2, False]])
        meanwhile = report["got"][1:-1]
        for qos in (1, 2):
            self.assertEqual([each for each in meanwhile if each[2] == qos],
                             [["t", str(i), qos, False] for i in range(qos - 1, 20, 2)])
        self.assertEqual(len(meanwhile), 20)

    @each(VERSIONS)
    def resumed_in_another_browser(self, version):
        page = self.visit("""
          const client = await connect("c", kept());
          await client.subscribeAsync("t/+", { qos: 2 });
          await tell("subscribed");
        """, version)
        page.hear("subscribed")
        page.kill()
        self.gone("c")
        for i in range(20):
            self.mosquitto_pub("-t", f"t/{i}", "-m", f"{i}", "-q", 2)
        report = self.visit("""
          const client = await connect("c", kept());
          const got = await client.inbox.take(20);
          return { present: client.connack.sessionPresent, got: [...got, ...(await client.inbox.rest())].map(brief) };
        """, version).report()
        self.assertTrue(report["present"])
        self.assertEqual(sorted(report["got"]), sorted([f"t/{i}", str(i), 2, False] for i in range(20)))

    @each(VERSIONS)
    def a_clean_start_forgets(self, version):
        report = self.visit("""
          const report = [];
          for (const clean of [false, false, true, false]) {
            const client = await connect("c", { ...kept(), clean });
            report.push(client.connack.sessionPresent);
            await client.endAsync();
          }
          return report;
        """, version).report()
        # In 3.1.1 a session that began clean ends with its connection.
        self.assertEqual(report, [False, True, False, version == "5"])

    def test_taken_over_with_its_reason(self):
        report = self.visit("""
          const first = await connect("c");
          first.packets.items = [];
          const second = await connect("c");
          const packet = await first.packets.next();
          return [packet.cmd, packet.reasonCode, second.connected];
        """).report()
        self.assertEqual(report, ["disconnect", 0x8E, True])


class Wills(Case):
    CONNECT = """
      const will = { topic: "will/c", payload: "gone ☠", qos: 1, retain: asked.retain };
      const client = await connect("c", { will, keepalive: 30 });
      await tell("connected");
    """
    WILL = "will/c gone ☠ qos=1 retain=0"

    def setUp(self):
        super().setUp()
        self.watcher = self.watch("-t", "will/#", "-q", 2)

    def heard(self):
        """All that came until now, and a mark of it in the same topic."""
        self.mosquitto_pub("-t", "will/c", "-m", "mark", "-q", 1)
        self.watcher.until(r"got will/c mark .*\.")
        return [each for each in self.got(self.watcher) if " mark " not in each]

    @each(VERSIONS)
    def of_a_browser_that_is_killed(self, version):
        page = self.visit(self.CONNECT, version, retain=True)
        page.hear("connected")
        self.assertEqual(self.heard(), [])
        page.kill()
        self.watcher.until(r"got will/c gone .*\.")
        self.assertEqual(self.heard(), [self.WILL])
        # It was to be retained, too.
        late = self.watch("-t", "will/#", "-q", 2)
        late.until(r"got .*\.")
        self.assertEqual(self.got(late), ["will/c gone ☠ qos=1 retain=1"])

    @each(VERSIONS)
    def of_a_wire_that_is_cut(self, version):
        wire = self.wire()
        page = self.visit(self.CONNECT, version, port=wire.port, retain=False)
        with page.waits("connected"):
            self.assertEqual(self.heard(), [])
            wire.cut()
            self.watcher.until(r"got will/c gone .*\.")
        self.assertEqual(self.heard(), [self.WILL])

    @each(VERSIONS)
    def of_a_page_that_is_loaded_again(self, version):
        page = self.visit("""
          if (performance.getEntriesByType("navigation")[0].type === "reload") return "again";
        """ + self.CONNECT + """
          location.reload();
          await new Promise(() => {});
        """, version, retain=False)
        with page.waits("connected"):
            self.assertEqual(self.heard(), [])
        self.assertEqual(page.report(), "again")
        self.watcher.until(r"got will/c gone .*\.")
        self.assertEqual(self.heard(), [self.WILL])

    @each(VERSIONS)
    def none_after_a_goodbye(self, version):
        page = self.visit(self.CONNECT + "await client.endAsync();", version, retain=False)
        with page.waits("connected"):
            self.assertEqual(self.heard(), [])
        page.report()
        self.gone("c")
        self.assertEqual(self.heard(), [])


class Accounts(Case):
    @each([("311", 4), ("5", 0x86)])
    def wrong_password(self, version, expected):
        report = self.visit("""
          const client = dial("c", { username: "limited", password: "wrong" });
          const { cmd, returnCode, reasonCode } = await client.packets.next();
          const error = await client.downs.next();
          await pause(100);
          return { cmd, code: returnCode ?? reasonCode, error: error.code, ups: client.ups.items.length };
        """, version).report()
        self.assertEqual(report, {"cmd": "connack", "code": expected, "error": expected, "ups": 0})

    @each(VERSIONS)
    def right_password(self, version):
        report = self.visit("""
          const client = await connect("c", { username: "limited", password: "right" });
          const { properties } = client.connack;
          client.packets.items = [];
          client.subscribe(["a", "b", "c", "d"], { qos: 1 });
          return { granted: (await client.packets.next()).granted, plan: properties && properties.userProperties.plan,
            size: properties && properties.maximumPacketSize };
        """, version).report()
        self.assertEqual(report, {"granted": [1, 1, 1, 0x97], "plan": "small", "size": 2048} if version == "5" else
                         {"granted": [1, 1, 1, 0x80]})


class Certificates(Case):
    TRY = """
      const report = [];
      for (const url of asked.urls) {
        const client = dial("c", { url });
        const up = client.ups.next().then(() => "connected");
        const down = client.downs.next().then((why) => why.message);
        report.push(await Promise.race([up, down]));
        await client.endAsync(true);
      }
      return report;
    """

    def other(self, certificate, key):
        """A server with another certificate."""
        return self.serve("--log-level", "debug", config=OTHER.format(certificate=certificate, key=key))

    def tries(self, *servers, **options):
        """What becomes of a connection to each, and what the browser has against certificates."""
        page = self.visit(self.TRY, urls=[self.url(each.port_of("mqtt-wss")) for each in servers], **options)
        return page.report(), page.refusals()

    def test_of_an_unknown_authority_is_refused(self):
        stranger = Authority(self.directory, "stranger")
        other = self.other(*stranger.issue("other", "localhost"))
        self.assertEqual(self.tries(self.server, other), (["connected", "closed"], [UNKNOWN_AUTHORITY]))
        other.until("handshake: .*certificate unknown")
        self.assertNotIn("connected with MQTT", other.stderr())

    def test_of_an_authority_that_another_browser_knows(self):
        stranger = Authority(self.directory, "stranger")
        other = self.other(*stranger.issue("other", "localhost"))
        self.assertEqual(self.tries(self.server, other, authorities=[stranger]),
                         (["closed", "connected"], [UNKNOWN_AUTHORITY]))
        self.server.until("handshake: .*certificate unknown")
        self.assertNotIn("connected with MQTT", self.server.stderr())

    def test_of_another_host_is_refused(self):
        other = self.other(*self.authority.issue("other", "elsewhere.example"))
        self.assertEqual(self.tries(self.server, other), (["connected", "closed"], [ANOTHER_HOST]))
        other.until("handshake: .*certificate unknown")
        self.assertNotIn("connected with MQTT", other.stderr())


if __name__ == "__main__":
    interop.main()
