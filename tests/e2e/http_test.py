#!/usr/bin/env python3
"""HTTP byte by byte: what a client library would not send, or would not show."""

import re
import socket
import threading
import urllib.request

import harness
from mqtt_abuse_test import SANITIZED


LISTENERS = """
[[listener]]
protocol = "http"
address = "127.0.0.1:0"
[[listener]]
protocol = "http"
address = "127.0.0.1:0"
proxy_protocol = true
"""
PROXY = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"  # LOCAL: the balancer's own


class Wire(harness.Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve(config=LISTENERS)

    def connect(self, layered=False):
        wire = socket.create_connection(("127.0.0.1", self.server.port_of("http", int(layered))),
                                        timeout=harness.PATIENCE)
        self.addCleanup(wire.close)
        if layered:
            wire.sendall(PROXY)
        return wire

    def converse(self, *said):
        """What is answered until the server closes."""
        wire = self.connect()
        for part in said:
            wire.sendall(part)
        return self.rest_of(wire)

    def rest_of(self, wire):
        answer = b""
        while more := wire.recv(1 << 20):
            answer += more
        return answer

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port_of('http')}/metrics",
                                    timeout=harness.PATIENCE) as answer:
            return int(re.search(rf"^{name} (\d+)$", answer.read().decode(), re.M)[1])


class Pipelined(Wire):
    COUNT = 60_000
    LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    def test_many_requests_in_one_breath(self):
        for layered in (False, True):
            wire = self.connect(layered)
            sending = threading.Thread(
                target=wire.sendall, args=(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * self.COUNT + self.LAST,))
            sending.start()
            answer = self.rest_of(wire)
            sending.join()
            self.assertEqual(answer.count(b"HTTP/1.1 404 "), self.COUNT)
            self.assertEqual(answer.count(b"HTTP/1.1 200 "), 1)

    def test_whoever_does_not_read_is_not_read_either(self):
        before = self.server.resident_kib()
        wire = self.connect()
        wire.settimeout(2)
        with self.assertRaises(socket.timeout):
            for _ in range(500):
                wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10_000)
        if not SANITIZED:
            self.assertLess(self.server.resident_kib() - before, 32 * 1024)


class Smuggled(Wire):
    def test_a_body_whose_end_is_in_doubt_is_not_believed(self):
        post = b"POST /v1/publish/t?retain=true HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s"
        last = b"Connection: close\r\n"
        self.assertIn(b" 200 OK", self.converse(post % (last + b"Content-Length: 3\r\n", b"abc")))
        for fields, body, status in (
            (b"Transfer-Encoding: gzip\r\n", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
            (b"Transfer-Encoding: gzip, chunked\r\n", b"3\r\nxyz\r\n0\r\n\r\n", b"501"),
            (b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", b"0\r\n\r\n", b"400"),
        ):
            answer = self.converse(post % (fields, body))
            self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [status], fields)
        self.assertEqual(self.metric("kodama_retained_messages"), 1)


class Pages(Wire):
    """What browsers send for the pages that their users visit names the page's origin."""

    def publish(self, origin):
        return self.converse(b"POST /v1/publish/t HTTP/1.1\r\nHost: localhost\r\nOrigin: %s\r\nContent-Length: 1\r\n"
                             b"Connection: close\r\n\r\nx" % origin)

    def test_others_do_not_come_in_where_everybody_may(self):
        self.assertRegex(self.publish(b"https://a.example"),
                         rb"^HTTP/1.1 403 [^\0]*only pages of this machine may come in")
        self.assertRegex(self.publish(b"http://localhost:3000"), rb"^HTTP/1.1 200 ")

    def test_a_name_that_others_can_make_lead_here_is_refused(self):
        for host, status in ((b"a.example:80", b"403"), (b"localhost:80", b"200"), (b"127.0.0.1", b"200")):
            answer = self.converse(b"GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host)
            self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), answer[:200])

    def test_those_that_are_listed_come_in(self):
        config = 'origins = ["https://app.example", "http://127.0.0.1:3000"]\n' + LISTENERS
        self.server = self.serve(config=config)
        for page in (b"https://app.example", b"http://127.0.0.1:3000", b""):
            self.assertRegex(self.publish(page), rb"^HTTP/1.1 200 ")
        for page in (b"http://app.example", b"http://127.0.0.1", b"https://a.example", b"null"):
            self.assertRegex(self.publish(page), rb"^HTTP/1.1 403 [^\0]*not among the origins")

    def test_every_page_comes_in_where_users_are_told_apart(self):
        self.server = self.serve(config=LISTENERS + '[users.ann]\ntokens = ["ann\'s"]\n')
        self.assertRegex(self.publish(b"https://a.example"), rb"^HTTP/1.1 401 ")


class Full(Wire):
    """Health can be asked of a server all whose places are taken."""

    def test_and_still_alive(self):
        self.server = self.serve(config=LISTENERS + "[limits]\nconnections_max = 1\n")
        self.subscribe(self.server.address, "t")
        crowd = [self.connect() for _ in range(15)]
        self.assertRegex(self.converse(Methods.LAST), rb"^HTTP/1.1 200 ")
        crowd.append(self.connect())
        self.assertRegex(self.converse(Methods.LAST), rb'^HTTP/1.1 503 [^\0]*"connections_max is 1"')
        self.server.until(r"connection from 127.0.0.1:\d+ refused: too_many_connections")


class Refused(Wire):
    def publish(self, query="", *fields):
        head = (f"POST /v1/publish/t{query} HTTP/1.1", "Host: localhost", "Content-Length: 1",
                "Connection: close", *fields, "", "x")
        return self.converse("\r\n".join(head).encode())

    def test_and_the_log_says_from_where(self):
        self.server = self.serve(config=LISTENERS + '[users.ann]\ntokens = ["ann\'s"]\n')
        self.assertRegex(self.publish("", "Authorization: Bearer bob's"), rb"^HTTP/1.1 401 ")
        self.server.until(r"HTTP request from 127.0.0.1:\d+ refused: the token, or")

    def test_what_is_neither_to_be_retained_nor_not(self):
        for said, status in (("true", b"200"), ("false", b"200"), ("", b"200"), ("yes", b"400"), ("1", b"400")):
            self.assertRegex(self.publish("?retain=" + said), rb"^HTTP/1.1 " + status)
        self.assertEqual(self.metric("kodama_retained_messages"), 1)


class Measured(Wire):
    def test_how_long_a_publish_takes(self):
        self.publish(self.server.address, "t", "-", lines=harness.numbers(100))
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port_of('http')}/metrics",
                                    timeout=harness.PATIENCE) as answer:
            told = answer.read().decode()
        self.assertEqual(re.search(r"^kodama_publish_seconds_count (\d+)$", told, re.M)[1], "100")
        self.assertGreater(float(re.search(r"^kodama_publish_seconds_sum (\S+)$", told, re.M)[1]), 0)


class Methods(Wire):
    LAST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    def test_head_is_answered_as_get_without_the_body(self):
        for path, status in (("/healthz", 200), ("/metrics", 200), ("/nothing", 404), ("/v1/publish/t", 405)):
            asked = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            answer = self.converse(asked + self.LAST)
            head, _, rest = answer.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 %d " % status), head)
            self.assertRegex(head, rb"Content-Length: [1-9]")
            self.assertEqual(status == 405, b"\r\nAllow: POST" in head)
            self.assertTrue(rest.startswith(b"HTTP/1.1 200 "), rest[:80])

    def test_whoever_waits_to_be_told_to_go_on_is_told(self):
        wire = self.connect()
        post = b"POST /v1/publish/t HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        for _ in range(2):
            wire.sendall(post % 5)
            self.assertEqual(wire.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            wire.sendall(b"hello")
            self.assertTrue(wire.recv(1000).startswith(b"HTTP/1.1 200 "))
        # What would be refused anyway is not asked for.
        self.assertTrue(self.converse(post % 999_999_999).startswith(b"HTTP/1.1 413 "))


if __name__ == "__main__":
    harness.main()
