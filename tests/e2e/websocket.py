"""A WebSocket client of the standard library alone, written from RFC 6455; it can misbehave."""

import base64
import hashlib
import os
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def request(protocol="mqtt", path="/mqtt", key=None, **headers):
    fields = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key or base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": protocol,
    }
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"GET {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join(lines + ["", ""]).encode()


def frame(data, kind=BINARY, final=True, masked=True):
    size = len(data)
    mark = 0x80 if masked else 0
    if size < 126:
        length = struct.pack(">B", mark | size)
    elif size < 65536:
        length = struct.pack(">BH", mark | 126, size)
    else:
        length = struct.pack(">BQ", mark | 127, size)
    head = struct.pack(">B", (0x80 if final else 0) | kind) + length
    if not masked:
        return head + data
    mask = os.urandom(4)
    key = (mask * (size // 4 + 1))[:size]
    covered = (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
    return head + mask + covered


class WebSocket:
    """Upgrades a connected socket; then recv() and sendall() are those of the stream inside."""

    def __init__(self, peer, protocol="mqtt", path="/mqtt"):
        self.peer = peer
        self.received = b""
        self.inside = b""
        self.closed_with = None
        key = base64.b64encode(os.urandom(16)).decode()
        peer.sendall(request(protocol, path, key))
        self.status, self.headers = self.read_head()
        if self.status != 101:
            raise ConnectionError(f"not upgraded: {self.status}")
        digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        if self.headers["sec-websocket-accept"] != base64.b64encode(digest).decode():
            raise ConnectionError("the server did not understand the key")

    def read_head(self):
        while b"\r\n\r\n" not in self.received:
            self.fill()
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        fields = (line.split(":", 1) for line in lines[1:])
        return int(lines[0].split()[1]), {n.strip().lower(): v.strip() for n, v in fields}

    def fill(self):
        chunk = self.peer.recv(65536)
        if not chunk:
            raise ConnectionError("closed")
        self.received += chunk

    def take(self, size):
        while len(self.received) < size:
            self.fill()
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    def read_frame(self):
        first, second = self.take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        return first & 0x0F, self.take(size)

    def recv(self, size):
        """As a socket's; empty when the server has closed, with its code in `closed_with`."""
        while not self.inside:
            kind, data = self.read_frame()
            if kind == CLOSE:
                self.closed_with = struct.unpack(">H", data[:2])[0] if data else None
                return b""
            if kind == BINARY or kind == CONTINUATION:
                self.inside += data
            elif kind == PONG:
                self.pong = data
        taken, self.inside = self.inside[:size], self.inside[size:]
        return taken

    def sendall(self, data):
        self.peer.sendall(frame(data))
