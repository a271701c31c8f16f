"""A relay for TCP and UDP that keeps every datagram, and sends again what it is told to."""

import selectors
import socket
import threading


class Relay:
    """Listens at `host` with the server's own port number. A thread of its own, until close()."""

    def __init__(self, host, port, server):
        self.server = (server, port)
        self.selector = selectors.DefaultSelector()
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, port))
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((host, port))
        self.sockets = [self.listener, self.front]
        self.backs = {}  # a client's address: the socket by which it reaches the server
        self.to_server, self.to_client = [], []  # datagrams, and by which socket or to whom
        self.waker, self.wake = socket.socketpair()
        self.sockets += [self.waker, self.wake]
        self.open = True
        self.watch(self.listener, self.accept)
        self.watch(self.front, self.from_client)
        self.watch(self.waker, lambda: None)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def watch(self, which, call):
        self.selector.register(which, selectors.EVENT_READ, call)

    def run(self):
        while self.open:
            for key, _ in self.selector.select():
                if self.open and key.fileobj.fileno() >= 0:
                    key.data()

    def accept(self):
        client, _ = self.listener.accept()
        onward = socket.create_connection(self.server)
        self.sockets += [client, onward]
        self.watch(client, lambda: self.pass_on(client, onward))
        self.watch(onward, lambda: self.pass_on(onward, client))

    def pass_on(self, here, there):
        try:
            data = here.recv(65536)
            if data:
                return there.sendall(data)
        except OSError:
            pass
        for each in (here, there):
            self.selector.unregister(each)
            each.close()

    def from_client(self):
        data, client = self.front.recvfrom(65536)
        if client not in self.backs:
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.connect(self.server)
            self.sockets.append(back)
            self.backs[client] = back
            self.watch(back, lambda: self.from_server(back, client))
        with self.lock:
            self.to_server.append((data, self.backs[client]))
        self.backs[client].send(data)

    def from_server(self, back, client):
        try:
            data = back.recv(65536)
        except ConnectionError:
            return
        with self.lock:
            self.to_client.append((data, client))
        self.front.sendto(data, client)

    def kept(self):
        with self.lock:
            return list(self.to_server), list(self.to_client)

    def close(self):
        self.open = False
        self.wake.send(b".")
        self.thread.join()
        self.selector.close()
        for each in self.sockets:
            each.close()
