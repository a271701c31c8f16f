#!/usr/bin/env python3
"""A Kodama client written from docs/protocol.md alone: standard library, TCP only, one thread.

    minimal_client.py HOST:PORT [--token TOKEN] [--trace]

Subscribes, publishes, loses its connection with one publish under way and another not yet sent,
resumes, and checks that all of them come back once and in order. --trace prints each message in hex.
"""
import argparse, socket, struct, time

CONNECT_TOKEN, CONNACK_SUCCESS, SUBSCRIBE, SUBACK, PUBLISH, ACK = 0x01, 0x02, 0x20, 0x21, 0x30, 0x31
PING, PONG, DISCONNECT = 0x60, 0x61, 0x7F
VERSION, TOKEN, KEEPALIVE, SESSION_ID, MESSAGE_ID = 0x1001, 0x1002, 0x1003, 0x1004, 0x1006
LAST_MESSAGE_ID, TOPIC, TOPIC_SEQUENCE, REASON_CODE, ECHO = 0x1007, 0x1009, 0x100A, 0x100D, 0x1012
TEXT = 0x8001  # a user section: our own choice of what it means


def u32(value): return struct.pack(">I", value)
def u64(value): return struct.pack(">Q", value)
def number(value): return int.from_bytes(value, "big")


def encode(kind, *sections):
    body = b"".join(struct.pack(">HHI", t, 0, len(v)) + v + bytes(-len(v) % 4) for t, v in sections)
    return struct.pack(">HHII", kind, 0, len(body), time.monotonic_ns() // 10**6 % 2**32) + body


def decode(body):
    sections = {}
    while body:
        kind, _, size = struct.unpack(">HHI", body[:8])
        sections[kind], body = body[8 : 8 + size], body[8 + size + -size % 4 :]
    return sections


class Client:
    def __init__(self, host, port, token=b"", trace=False):
        self.address, self.token, self.trace = (host, port), token, trace
        self.session, self.socket, self.buffer = None, None, b""
        self.received = self.acknowledged = 0  # MessageIDs of the server
        self.sent, self.waiting = 0, {}        # our own: the last one, and those without an ACK

    def connect(self):
        """Opens a session, or resumes the one we have."""
        self.socket, self.buffer = socket.create_connection(self.address, timeout=10), b""
        ask = [(VERSION, u32(1)), (KEEPALIVE, u32(30_000))] + [(TOKEN, self.token)] * bool(self.token)
        if self.session:
            ask += [(SESSION_ID, self.session), (LAST_MESSAGE_ID, u64(self.received))]
        self.acknowledged = self.received  # by the line above
        self.write(encode(CONNECT_TOKEN, *ask))
        kind, _, answer = self.read()
        if kind != CONNACK_SUCCESS:
            raise PermissionError(f"refused, reason {number(answer[REASON_CODE])}")
        self.session = answer[SESSION_ID]
        for id, message in self.waiting.items():
            if id > number(answer[LAST_MESSAGE_ID]):
                self.write(message)

    def request(self, kind, *sections):
        self.sent += 1
        self.waiting[self.sent] = encode(kind, (MESSAGE_ID, u64(self.sent)), *sections)
        if self.socket:
            self.write(self.waiting[self.sent])

    def poll(self):
        """Waits for one message; returns (type, sections) of a numbered one that is new."""
        kind, timestamp, sections = self.read()
        if kind == PING:
            self.write(encode(PONG, (ECHO, u32(timestamp))))
        elif kind == ACK:
            through = number(sections[LAST_MESSAGE_ID])
            self.waiting = {id: m for id, m in self.waiting.items() if id > through}
        elif kind == DISCONNECT:
            raise ConnectionError(f"ended by the server, reason {number(sections[REASON_CODE])}")
        elif MESSAGE_ID in sections and number(sections[MESSAGE_ID]) > self.received:
            assert number(sections[MESSAGE_ID]) == self.received + 1, "a gap: connect again"
            self.received += 1
            return kind, sections
        return None, {}

    def write(self, message):
        self.log("C", message)
        self.socket.sendall(message)

    def read(self):
        while len(self.buffer) < 12 or len(self.buffer) < 12 + number(self.buffer[4:8]):
            if self.received > self.acknowledged:  # before we wait, not after every message
                self.acknowledged = self.received
                self.write(encode(ACK, (LAST_MESSAGE_ID, u64(self.received))))
            try:
                self.buffer += self.socket.recv(65536) or self.fail()
            except TimeoutError:
                self.write(encode(PING))  # a third of the keepalive has passed in silence
        size = 12 + number(self.buffer[4:8])
        message, self.buffer = self.buffer[:size], self.buffer[size:]
        self.log("S", message)
        return number(message[:2]), number(message[8:12]), decode(message[12:])

    def fail(self):
        raise ConnectionError("the connection is gone: connect again")

    def log(self, who, message):
        if self.trace:
            print(who, message.hex())


def main():
    options = argparse.ArgumentParser()
    options.add_argument("server")
    options.add_argument("--token", default="")
    options.add_argument("--trace", action="store_true")
    chosen = options.parse_args()
    host, port = chosen.server.rsplit(":", 1)
    client = Client(host, int(port), chosen.token.encode(), chosen.trace)
    topic = (TOPIC, b"docs/echo")
    told = []

    def hear(count):
        while len(told) < count:
            kind, sections = client.poll()
            if kind == PUBLISH:
                told.append((number(sections[TOPIC_SEQUENCE]), sections[TEXT].decode()))

    client.connect()
    client.request(SUBSCRIBE, topic)
    client.request(PUBLISH, topic, (TEXT, b"one"))
    hear(1)
    client.request(PUBLISH, topic, (TEXT, b"two"))
    client.socket.close()  # the cut: with "two" under way …
    client.socket = None
    client.request(PUBLISH, topic, (TEXT, b"three"))  # … and "three" not yet sent
    time.sleep(0.2)
    client.connect()
    hear(3)
    while client.waiting:  # DISCONNECT would end the session with whatever has no ACK yet
        client.poll()
    client.write(encode(DISCONNECT, (REASON_CODE, u32(1))))
    client.socket.close()
    first = told[0][0]
    assert told == [(first, "one"), (first + 1, "two"), (first + 2, "three")], told
    print("received once and in order:", *(text for _, text in told))


if __name__ == "__main__":
    main()
