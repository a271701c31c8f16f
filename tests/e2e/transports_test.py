#!/usr/bin/env python3
"""TLS, WebSocket and the PROXY protocol before both protocols, with stock clients and with clients
that misbehave."""

import functools
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest
import warnings

import harness
import websocket
from certificates import Authority
from websocket import WebSocket

wire = harness.minimal_client()
CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c"
CONNACK = b"\x20\x02\x00\x00"
DATAGRAM_RANDOM, DATAGRAM_PORT = 0x101A, 0x101C
HELLO = wire.encode(wire.CONNECT_TOKEN, (wire.VERSION, wire.u32(1)),
                    (wire.KEEPALIVE, wire.u32(30_000)))
# Of a sender on 192.0.2.1:54321.
PROXY = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"
         b"\xc0\x00\x02\x01\xc6\x33\x64\x02\xd4\x31\x20\xfb")


def connect_packet(client):
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack(">H", len(client)) + client.encode()
    return b"\x10" + bytes([len(body)]) + body


def length(size):
    out = b""
    while True:
        size, digit = divmod(size, 128)
        out += bytes([digit | (0x80 if size else 0)])
        if not size:
            return out


def publish_packet(topic, payload):
    body = struct.pack(">H", len(topic)) + topic.encode() + payload
    return b"\x30" + length(len(body)) + body


def subscribe_packet(topic):
    body = b"\x00\x01" + struct.pack(">H", len(topic)) + topic.encode() + b"\x00"
    return b"\x82" + length(len(body)) + body


def receive(peer, size):
    got = b""
    while len(got) < size:
        chunk = peer.recv(size - len(got))
        if not chunk:
            raise AssertionError(f"closed after {got!r}")
        got += chunk
    return got


def receive_all(peer):
    got = b""
    try:
        while chunk := peer.recv(65536):
            got += chunk
    except (ConnectionError, ssl.SSLError):
        pass
    return got


@functools.cache
def certificates():
    """Made once for all tests: keys take their time."""
    directory = tempfile.TemporaryDirectory(prefix="kodama-e2e-")
    unittest.addModuleCleanup(directory.cleanup)
    authority = Authority(directory.name)
    hosts = ("localhost", "*.example.test")
    return (authority, authority.issue("ec", *hosts), authority.issue("rsa", *hosts, kind="rsa"),
            authority.issue("other", "other.test"))


class Transports(harness.Case):
    """A server with a listener of each kind."""

    times = '[times]\nconnect_timeout = "30s"\n'
    more = ""

    def setUp(self):
        super().setUp()
        self.authority, self.ec, self.rsa, self.other = certificates()
        self.server = self.serve("--log-level", "debug", config=self.config())

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0, self.server.stderr()[-2000:])
        self.assertNotIn("sanitizer", self.server.stderr().lower())

    def config(self):
        certificates = ", ".join(f'"{pair[0]}"' for pair in (self.ec, self.rsa, self.other))
        keys = ", ".join(f'"{pair[1]}"' for pair in (self.ec, self.rsa, self.other))
        text = f"threads = 2\n{self.times}[tls.main]\ncertificate = [{certificates}]\nkey = [{keys}]\n"
        for protocol in ("mqtt", "native"):
            for layers in ("", 'tls = "main"', "websocket = true", 'tls = "main"\nwebsocket = true',
                           "proxy_protocol = true"):
                text += (f'[[listener]]\nprotocol = "{protocol}"\naddress = "127.0.0.1:0"\n'
                         f"{layers}\n")
        return text + self.more

    def trusting(self, **options):
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def tcp(self, name, which=0):
        peer = socket.create_connection(("127.0.0.1", self.server.port_of(name, which)),
                                        timeout=harness.PATIENCE)
        self.addCleanup(peer.close)
        return peer

    def tls(self, name, host="localhost", context=None, which=0):
        peer = (context or self.trusting()).wrap_socket(self.tcp(name, which), server_hostname=host)
        self.addCleanup(peer.close)
        return peer

    def stream(self, name):
        """The bytes inside the layers that the listener's name says."""
        is_secure = name.endswith(("s", "tls")) and not name.endswith("-ws")
        peer = self.tls(name) if is_secure else self.tcp(name)
        if "-ws" not in name:
            return peer
        return WebSocket(peer, "mqtt" if name.startswith("mqtt") else "kodama")

    def mosquitto(self, tool, *arguments, version="311"):
        return subprocess.run(["timeout", str(harness.PATIENCE), tool, "-V", version,
                               *map(str, arguments)], capture_output=True, text=True)

    def greet(self, peer, client="c"):
        peer.sendall(connect_packet(client))
        self.assertEqual(receive(peer, 4), CONNACK)
        return peer


class EveryLayer(Transports):
    MQTT = ("mqtt", "mqtts", "mqtt-ws", "mqtt-wss")
    NATIVE = ("native", "native-tls", "native-ws", "native-wss")

    def test_the_ready_line_names_all(self):
        # Those of --listen, and those with a PROXY header, have no name of their own.
        self.assertEqual({name: len(places) for name, places in self.server.places.items()}, {
            "native": 3, "mqtt": 2, "mqtts": 1, "mqtt-ws": 1, "mqtt-wss": 1,
            "native-tls": 1, "native-ws": 1, "native-wss": 1})

    def test_native_clients_are_welcome(self):
        for name in self.NATIVE:
            peer = self.stream(name)
            peer.sendall(HELLO)
            self.assertEqual(receive(peer, 2), struct.pack(">H", wire.CONNACK_SUCCESS), name)

    def test_datagrams_are_offered_where_they_arrive(self):
        ask = wire.encode(wire.CONNECT_TOKEN, (wire.VERSION, wire.u32(1)),
                          (wire.KEEPALIVE, wire.u32(30_000)), (DATAGRAM_RANDOM, bytes(32)))

        def port_told(peer):
            peer.sendall(ask)
            size = wire.number(receive(peer, 12)[4:8])
            return wire.decode(receive(peer, size)).get(DATAGRAM_PORT)

        self.assertEqual(port_told(self.tcp("native")), wire.u32(0))  # where it has connected to
        for peer in (self.tcp("native", 1), self.stream("native-tls"), self.stream("native-wss")):
            self.assertEqual(port_told(peer), wire.u32(self.server.port_of("native")))
        proxied = self.tcp("native", -1)
        proxied.sendall(PROXY)
        self.assertIsNone(port_told(proxied))

    def test_all_share_their_topics(self):
        subscribers = []
        for i, name in enumerate(self.MQTT * 2):  # several, so that each thread has some
            peer = self.greet(self.stream(name), f"s{i}")
            peer.sendall(subscribe_packet("t"))
            self.assertEqual(receive(peer, 5)[:1], b"\x90")
            subscribers.append(peer)
        for i, name in enumerate(self.MQTT):
            self.greet(self.stream(name), f"p{i}").sendall(publish_packet("t", name.encode()))
            expected = publish_packet("t", name.encode())
            for peer in subscribers:
                self.assertEqual(receive(peer, len(expected)), expected)

    def test_large_messages_both_ways(self):
        payload = bytes(range(256)) * 240  # 60 KB
        packet = publish_packet("large", payload)
        for name in self.MQTT:
            peer = self.greet(self.stream(name), name)
            peer.sendall(subscribe_packet("large"))
            receive(peer, 5)
            began = time.monotonic()
            for _ in range(20):
                peer.sendall(packet)
            for _ in range(20):
                self.assertEqual(receive(peer, len(packet)), packet, name)
            # connect_timeout would wake a server that has forgotten to go on, after 30 s.
            self.assertLess(time.monotonic() - began, 20, name)

    def test_a_session_moves_between_threads_and_layers(self):
        # Each connection takes over from the one before: the links go to where the session lives.
        subscriber = self.subscribe(self.server.address, "moved")
        before = None
        for i, name in enumerate(self.MQTT * 4):
            peer = self.greet(self.stream(name), "wanderer")
            if before:
                receive_all(before)  # closed by the takeover
            peer.sendall(publish_packet("moved", b"%d" % i))
            subscriber.until(rf"(^|\n){i}\n")
            before = peer

    def test_a_reader_that_stalls_gets_all_in_the_end(self):
        payload = b"x" * 50_000
        packet = publish_packet("slow", payload)
        for name in ("mqtts", "mqtt-ws", "mqtt-wss"):
            reader = self.greet(self.stream(name), "reader")
            reader.sendall(subscribe_packet("slow"))
            receive(reader, 5)
            writer = self.greet(self.stream("mqtt"), "writer")
            for _ in range(150):  # 7.5 MB: more than the sockets take, less than the session may owe
                writer.sendall(packet)
            writer.sendall(b"\xc0\x00")
            receive(writer, 2)
            for _ in range(150):
                self.assertEqual(receive(reader, len(packet)), packet, name)

    def test_who_asks_for_too_much_at_once_is_read_on(self):
        # More filters than may be under way to the directory: reading stops, and goes on.
        count = 20_000
        sent = b"".join(subscribe_packet(f"held/{i}/+") for i in range(count)) + b"\xc0\x00"
        for name in self.MQTT:
            peer = self.greet(self.stream(name), name)
            peer.sendall(sent)
            got = receive(peer, count * 5 + 2)
            self.assertEqual(got.count(b"\x90\x03\x00\x01\x00"), count, name)
            self.assertIn(b"\xd0\x00", got)

    def test_the_end_is_told_in_every_layer(self):
        peers = {name: self.greet(self.stream(name), name) for name in ("mqtts", "mqtt-ws",
                                                                        "mqtt-wss")}
        for name, peer in peers.items():
            peer.sendall(b"\xe0\x00")  # DISCONNECT
            # TLS: close_notify, without which Python would raise; WebSocket: a close frame.
            self.assertEqual(peer.recv(100), b"", name)
            if name != "mqtts":
                self.assertEqual(peer.closed_with, 1000)


class Tls(Transports):
    def pub(self, *arguments, host="localhost"):
        return self.mosquitto("mosquitto_pub", "-h", host, "-p", self.server.port_of("mqtts"),
                              "-t", "t", "-m", "m", "-q", 1, *arguments)

    def names(self, peer):
        return {value for _, value in peer.getpeercert()["subjectAltName"]}

    def test_stock_clients_verify_either_kind_of_certificate(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            done = self.pub("--cafile", self.authority.certificate, "--tls-version", version)
            self.assertEqual(done.returncode, 0, done.stderr)
        for kind, algorithm in (("ECDSA", "ECDHE-ECDSA-AES128-GCM-SHA256"),
                                ("RSA", "ECDHE-RSA-AES128-GCM-SHA256")):
            done = self.pub("--cafile", self.authority.certificate, "--tls-version", "tlsv1.2",
                            "--ciphers", algorithm)
            self.assertEqual(done.returncode, 0, (kind, done.stderr))
        stranger = Authority(self.directory, "stranger")
        self.assertNotEqual(self.pub("--cafile", stranger.certificate).returncode, 0)

    def test_a_publish_over_tls_reaches_a_native_subscriber(self):
        sub = self.subscribe(self.server.address, "--count", 1, "t")
        self.assertEqual(self.pub("--cafile", self.authority.certificate).returncode, 0)
        self.assertEqual(sub.wait(), 0)

    def test_names_choose_the_certificate(self):
        for host, expected in (("localhost", "localhost"), ("a.example.test", "*.example.test"),
                               ("other.test", "other.test"), ("OTHER.test", "other.test")):
            self.assertIn(expected, self.names(self.tls("mqtts", host)))
        for host in ("a.b.example.test", "example.test", "unknown.test"):
            with self.assertRaises(ssl.SSLCertVerificationError, msg=host):
                self.tls("mqtts", host)
        # Who names no host, or an unknown one, gets the first.
        for host in (None, "unknown.test"):
            peer = self.tls("mqtts", host, self.trusting(check_hostname=False))
            self.assertIn("localhost", self.names(peer))

    def test_old_versions_are_refused(self):
        warnings.simplefilter("ignore", DeprecationWarning)  # of just these versions
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context = self.trusting()
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
            with self.assertRaises(ssl.SSLError) as refused:
                self.tls("mqtts", context=context)
            self.assertIn("ALERT_PROTOCOL_VERSION", str(refused.exception))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.trusting()
            context.minimum_version = context.maximum_version = version
            self.greet(self.tls("mqtts", context=context))

    def test_garbage_before_and_within_the_handshake(self):
        for sent in (CONNECT, b"\0" * 1000, b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000, b"GET / "):
            peer = self.tcp("mqtts")
            try:
                peer.sendall(sent)
                peer.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            self.assertLess(len(receive_all(peer)), 100)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.trusting().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        hello = outgoing.read()
        for cut in range(1, len(hello), 37):
            peer = self.tcp("mqtts")
            peer.sendall(hello[:cut] + b"\xff" * 600)
            peer.shutdown(socket.SHUT_WR)
            receive_all(peer)
        self.server.until(r"refused: handshake: .* such so far")
        self.greet(self.tls("mqtts"))


class ClientCertificates(Transports):
    def config(self):
        self.members = Authority(self.directory, "members")
        self.member = self.members.issue("member")
        text = ""
        for name, required in (("asked", "false"), ("required", "true")):
            text += (f'[tls.{name}]\ncertificate = "{self.ec[0]}"\nkey = "{self.ec[1]}"\n'
                     f'client_ca = "{self.members.certificate}"\n'
                     f"require_client_certificate = {required}\n"
                     f'[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:0"\ntls = "{name}"\n')
        return text

    def come(self, which, pair=None):
        context = self.trusting()
        if pair:
            context.load_cert_chain(*pair)
        self.greet(self.tls("mqtts", context=context, which=which))

    def test_present_absent_and_false(self):
        asked, required = 0, 1
        stranger = self.authority.issue("stranger")  # of an authority that vouches for nobody here
        self.come(asked)
        self.come(asked, self.member)
        self.come(required, self.member)
        for which, pair in ((required, None), (required, stranger), (asked, stranger)):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.come(which, pair)
        done = self.mosquitto(
            "mosquitto_pub", "-h", "localhost", "-p", self.server.port_of("mqtts", required),
            "--cafile", self.authority.certificate, "--cert", self.member[0],
            "--key", self.member[1], "-t", "t", "-m", "m", "-q", 1)
        self.assertEqual(done.returncode, 0, done.stderr)


class Reload(Transports):
    def config(self):
        self.tokens = pathlib.Path(self.directory) / "tokens"
        self.tokens.write_text("first\nsecond\n")
        self.served = [pathlib.Path(self.directory) / name for name in ("now.pem", "now.key")]
        self.show(self.ec)
        return (f'tokens = "{self.tokens}"\nlog_level = "debug"\n'
                f'[tls.main]\ncertificate = "{self.served[0]}"\nkey = "{self.served[1]}"\n'
                '[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:0"\ntls = "main"\n')

    def show(self, pair):
        for to, source in zip(self.served, pair):
            to.write_bytes(source.read_bytes())

    def hang_up(self, said):
        times = len(harness.re.findall(said, self.server.stderr())) + 1
        self.server.process.send_signal(signal.SIGHUP)
        self.server.until(said, times=times)

    def come(self, token, host="localhost"):
        peer = self.tls("mqtts", host)
        body = (b"\x00\x04MQTT\x04\x42\x00\x3c\x00\x01c"
                + struct.pack(">H", len(token)) + token.encode())
        body = body.replace(b"\x04\x42", b"\x04\xc2", 1)
        body = body[:13] + b"\x00\x01u" + body[13:]
        peer.sendall(b"\x10" + bytes([len(body)]) + body)
        return peer, receive(peer, 4)

    def assert_alive(self, peer):
        peer.sendall(b"\xc0\x00")
        self.assertEqual(receive(peer, 2), b"\xd0\x00")

    def test_certificates_are_exchanged_under_a_live_connection(self):
        peer, answer = self.come("first")
        self.assertEqual(answer, CONNACK)
        self.show(self.other)
        self.hang_up(r"reload: tls.main: new connections")
        self.assert_alive(peer)
        newer, answer = self.come("second", "other.test")
        self.assertEqual(answer, CONNACK)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.tls("mqtts", "localhost")
        self.served[0].write_text("this is no certificate")
        self.hang_up(r"error\] reload: tls.main: \S+now.pem holds no certificate in PEM form.*kept")
        self.tls("mqtts", "other.test")
        self.show((self.ec[0], self.rsa[1]))
        self.hang_up(r"error\] reload: tls.main: \S+now.key is not the key of \S+now.pem.*kept")
        self.tls("mqtts", "other.test")
        for each in (peer, newer):
            self.assert_alive(each)

    def test_tokens_come_and_go_and_holders_stay(self):
        peer, _ = self.come("second")
        self.tokens.write_text("third\nsecond\n")
        self.hang_up(r"reload: 2 tokens and 0 users are accepted")
        self.assert_alive(peer)
        self.assertEqual(self.come("first")[1], b"\x20\x02\x00\x04")
        # The same holder as before: so this takes over the first connection's session.
        self.assertEqual(self.come("second")[1], CONNACK)
        self.assertEqual(peer.recv(10), b"")
        # Another one, although its line is that of "first".
        survivor, _ = self.come("third")
        self.assert_alive(survivor)
        self.tokens.write_text("")
        self.hang_up(r"reload: nothing was changed")
        self.assertEqual(self.come("third")[1], CONNACK)

    def test_the_log_says_what_waits_for_a_restart(self):
        file = pathlib.Path(self.directory) / "kodama.toml"
        text = file.read_text()
        file.write_text("threads = 3\n" + text.replace("127.0.0.1:0", "127.0.0.2:0")
                        + "[limits]\ntopics_max = 7\n")
        self.hang_up(r"reload: tls.main: new connections")
        said = self.server.stderr()
        for key in (r"threads", r"listener\[1\].address", r"limits.topics_max"):
            self.assertRegex(said, rf"reload: {key} has changed; it takes a restart")
        self.assertNotRegex(said, r"(tls|tokens|log_level)\S* has changed")
        file.write_text("threads = 0\nthread = 1\n" + text)
        self.hang_up(r"reload: nothing was changed")
        self.assertRegex(self.server.stderr(), r"toml:1: threads: expected .*\n.*toml:2: thread: ")
        file.write_text(text.replace('"debug"', '"error"'))


class WebSockets(Transports):
    def status(self, sent, name="mqtt-ws"):
        peer = self.tls(name) if name.endswith("wss") else self.tcp(name)
        peer.sendall(sent)
        answer = receive_all(peer).decode(errors="replace")
        return int(answer.split(" ", 2)[1]) if answer.startswith("HTTP/1.1 ") else answer

    def test_the_subprotocol_is_required_and_repeated(self):
        for offered in ("mqtt", "soap, mqtt", "mqtt,soap"):
            peer = self.tcp("mqtt-ws")
            self.assertEqual(WebSocket(peer, offered).headers["sec-websocket-protocol"], "mqtt")
        peer = self.tcp("native-ws")
        self.assertEqual(WebSocket(peer, "kodama").headers["sec-websocket-protocol"], "kodama")
        for offered in (None, "soap", "kodama", "mqttv3.1", "MQTT"):
            self.assertEqual(self.status(websocket.request(offered)), 400)
        peer = self.tcp("mqtt-ws")
        peer.sendall(websocket.request("soap").replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"))
        self.assertTrue(peer.recv(64).startswith(b"HTTP/1.1 101"))
        self.assertEqual(self.status(websocket.request("mqtt"), "native-ws"), 400)

    def test_what_is_no_upgrade_gets_an_answer_in_http(self):
        for name in ("mqtt-ws", "mqtt-wss"):
            self.assertEqual(self.status(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", name), 426)
            self.assertEqual(self.status(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", name),
                             405)
            self.assertEqual(self.status(b"GET\r\n\r\n\r\n\r\n", name), 400)
            self.assertEqual(
                self.status(websocket.request(Sec_WebSocket_Version="8"), name), 426)
            self.assertEqual(self.status(websocket.request(key="short"), name), 400)
            self.assertEqual(
                self.status(websocket.request(Cookie="x" * 20_000), name), 431)
            self.assertEqual(self.status(websocket.request() + websocket.frame(CONNECT), name), 400)
        self.assertEqual(self.status(CONNECT + b"\0" * 100), 400)  # somebody forgot the layer

    def test_pages_of_other_machines_do_not_come_in_where_everybody_may(self):
        for name in ("mqtt-ws", "mqtt-wss"):
            for page in ("https://a.example", "null", "http://127.0.0.1.example", "http://localhost@a"):
                self.assertEqual(self.status(websocket.request(Origin=page), name), 403, page)
            for page in (None, "http://localhost:3000", "https://[::1]"):
                peer = self.tls(name) if name.endswith("wss") else self.tcp(name)
                peer.sendall(websocket.request(Origin=page))
                self.assertTrue(peer.recv(64).startswith(b"HTTP/1.1 101"), page)
        self.server.until("refused: handshake: a page of an origin that may not come in")

    def test_packets_need_not_follow_frames(self):
        peer = WebSocket(self.tcp("mqtt-ws"))
        stream = connect_packet("c") + subscribe_packet("t") + publish_packet("t", b"one")
        for i in range(len(stream)):  # a frame for each byte, some of a message of two frames
            if i % 3 == 0:
                peer.peer.sendall(websocket.frame(b"", final=False)
                                  + websocket.frame(stream[i:i + 1], websocket.CONTINUATION))
            else:
                peer.peer.sendall(websocket.frame(stream[i:i + 1]))
        self.assertEqual(receive(peer, 4), CONNACK)
        self.assertEqual(receive(peer, 5)[:1], b"\x90")
        one = publish_packet("t", b"one")
        self.assertEqual(receive(peer, len(one)), one)
        peer.sendall(b"".join(publish_packet("t", b"%d" % i) for i in range(50)))
        for i in range(50):
            expected = publish_packet("t", b"%d" % i)
            self.assertEqual(receive(peer, len(expected)), expected)

    def closed_with(self, *frames):
        peer = WebSocket(self.tcp("mqtt-ws"))
        for each in frames:
            peer.peer.sendall(each)
        try:
            while peer.recv(65536):
                pass
        except ConnectionError:
            pass
        return peer.closed_with

    def test_frames_that_break_the_rules(self):
        hello = websocket.frame(CONNECT)
        self.assertEqual(self.closed_with(hello, websocket.frame(b"text", websocket.TEXT)), 1003)
        self.assertEqual(self.closed_with(websocket.frame(CONNECT, websocket.TEXT)), 1003)
        self.assertEqual(self.closed_with(websocket.frame(CONNECT, masked=False)), 1002)
        self.assertEqual(self.closed_with(hello, websocket.frame(b"", 3)), 1002)
        self.assertEqual(self.closed_with(hello, b"\x82\xff" + b"\x00\x00\x00\x01" * 3), 1009)
        self.assertEqual(self.closed_with(hello, websocket.frame(struct.pack(">H", 1001),
                                                                 websocket.CLOSE)), 1001)

    def test_who_breaks_them_while_being_closed_is_let_go_of(self):
        """Beast's reading and its closing may wait for each other then, and for nothing else."""
        broken = websocket.frame(b"", final=False) + websocket.frame(CONNECT)
        for _ in range(40):
            old = WebSocket(self.tcp("mqtt-ws"))
            self.greet(old)
            new = WebSocket(self.tcp("mqtt-ws"))
            new.peer.sendall(websocket.frame(CONNECT))
            old.peer.sendall(broken)
            new.recv(64)
            old.peer.close()
            new.peer.close()
        time.sleep(3)  # longer than anybody may linger
        self.server.process.send_signal(signal.SIGTERM)
        self.server.until("telling 0 connections goodbye")

    def test_frames_of_nothing_keep_nobody_alive(self):
        peer = WebSocket(self.tcp("mqtt-ws"))
        peer.sendall(CONNECT.replace(b"\x00\x3c", b"\x00\x01"))  # keepalive: 1 s
        self.assertEqual(receive(peer, 4), CONNACK)
        until = time.monotonic() + harness.PATIENCE
        with self.assertRaises(ConnectionError):
            while time.monotonic() < until:
                peer.peer.sendall(websocket.frame(b""))
                time.sleep(0.1)

    def test_pings_are_answered(self):
        peer = self.greet(WebSocket(self.tcp("mqtt-ws")))
        peer.peer.sendall(websocket.frame(b"hello", websocket.PING))
        peer.sendall(b"\xc0\x00")
        self.assertEqual(receive(peer, 2), b"\xd0\x00")
        self.assertEqual(peer.pong, b"hello")


class Proxied(Transports):
    def refused(self, sent, why):
        for name in ("mqtt", "native"):
            peer = self.tcp(name, -1)
            peer.sendall(sent)
            self.assertEqual(receive_all(peer), b"")
        self.server.until(rf"connection from 127.0.0.1:\d+ refused: PROXY header: .*{why}", times=2)

    def test_what_follows_the_header_is_the_connection(self):
        for header in (PROXY, b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00",
                       PROXY[:15] + b"\x13" + PROXY[16:] + b"\xee\x00\x04tail"):
            self.greet_behind("mqtt", header, CONNECT, CONNACK)
            self.greet_behind("native", header, HELLO, struct.pack(">H", wire.CONNACK_SUCCESS))

    def greet_behind(self, name, header, hello, answer):
        peer = self.tcp(name, -1)
        for i in range(len(header)):  # however it is cut
            peer.sendall(header[i:i + 1])
        peer.sendall(hello)
        self.assertEqual(receive(peer, len(answer)), answer)

    def test_without_it_nobody_comes_in(self):
        self.refused(CONNECT, "does not begin with")
        self.refused(b"PROXY TCP4 192.0.2.1 198.51.100.2 54321 1883\r\n" + CONNECT, "version 1")
        self.refused(PROXY[:13] + b"\x12" + PROXY[14:], "datagram")
        self.refused(PROXY[:14] + b"\xff\xff", "4096")
        self.refused(PROXY[:14] + b"\x00\x04abcd", "without room")


class ProxiedTls(Transports):
    def config(self):
        return (f'[tls.main]\ncertificate = "{self.ec[0]}"\nkey = "{self.ec[1]}"\n'
                '[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:0"\ntls = "main"\n'
                'websocket = true\nproxy_protocol = true\n')

    def test_the_header_comes_before_every_layer_and_names_the_peer(self):
        raw = self.tcp("mqtt-wss")
        raw.sendall(PROXY)
        peer = self.trusting().wrap_socket(raw, server_hostname="localhost")
        self.addCleanup(peer.close)
        self.greet(WebSocket(peer))
        raw = self.tcp("mqtt-wss")
        raw.sendall(PROXY + b"no TLS at all")
        receive_all(raw)
        self.server.until(r"connection from 192.0.2.1:54321 refused: handshake")


class Silent(Transports):
    times = '[times]\nconnect_timeout = "2s"\n[limits]\nunauthenticated_max = 150\n'

    def test_who_says_nothing_is_closed_in_time(self):
        neighbour = self.greet(self.tls("mqtts"), "neighbour")
        began = time.monotonic()
        kinds = ("mqtts", "mqtt-ws", "mqtt-wss", "native-tls")
        peers = [self.tcp(kinds[i % 4]) for i in range(200)]
        peers += [self.tcp("mqtt", -1) for _ in range(20)]
        for i, name in enumerate(kinds[:3] * 5):  # stuck one layer further up
            peer = self.tcp(name) if name == "mqtt-ws" else self.tls(name)
            if i % 2:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" if "-ws" in name else b"\x10\x0d\x00")
            peers.append(peer)
        for peer in peers:
            receive_all(peer)
            neighbour.sendall(b"\xc0\x00")
            asked = time.monotonic()
            self.assertEqual(receive(neighbour, 2), b"\xd0\x00")
            self.assertLess(time.monotonic() - asked, 2)
        self.assertLess(time.monotonic() - began, 12)
        self.server.until(r"refused: connect_timeout", times=200)


if __name__ == "__main__":
    harness.main()
