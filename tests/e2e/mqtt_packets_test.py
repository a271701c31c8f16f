#!/usr/bin/env python3
"""What MQTT leaves to the order, the length and the kind of single packets."""

import re
import time
import urllib.request

import harness
from mqtt_abuse_test import (AUTH, CONNACK, DISCONNECT, METHOD, NONE, PINGREQ, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC,
                             PUBREL, SANITIZED, SUBACK, Case, connect, packet, publish, subscribe, u16, u32, unsubscribe)

PROTOCOL_ERROR, BAD_AUTHENTICATION_METHOD, PACKET_TOO_LARGE, NOT_FOUND = 0x82, 0x8C, 0x95, 0x92
RETAIN, QOS_1, QOS_2 = 1, 2, 4


class InOneRead(Case):
    """Packets take effect in the order in which they were sent, however many come at once."""

    def setUp(self):
        super().setUp()
        owner = self.peer()
        owner.open(client="owner")
        owner.send(publish("r", b"old", RETAIN | QOS_1, 1))
        owner.expect(PUBACK)
        owner.close()

    def check_heard(self, expected, *sent):
        """These PUBLISHes, and no more, come to a new client that sends all this at once."""
        peer = self.peer()
        peer.open()
        peer.send(b"".join(sent))
        heard, answered, quiet = [], False, 0
        while not answered or len(heard) < len(expected) or quiet < 3:
            peer.send(packet(PINGREQ))
            quiet += 1
            while (found := peer.next())[0] != PINGRESP:
                kind = found[0] & 0xF0
                answered = answered or kind == SUBACK
                if kind == PUBLISH:
                    heard.append((found[0] & RETAIN, found[1][3:].strip(b"\0")))
                quiet = 0
        self.assertEqual(heard, expected)

    def test_subscribe_gets_what_was_retained_right_before(self):
        for qos in (0, QOS_1, QOS_2):
            id = 7 if qos else None
            new = b"new %d" % qos
            self.check_heard([(RETAIN, new)], publish("r", new, RETAIN | qos, id), subscribe("r"))
            self.check_heard([(RETAIN, new)], publish("r", new, RETAIN | qos, id), packet(PINGREQ),
                             subscribe("+"))

    def test_subscribe_gets_nothing_of_what_was_cleared_right_before(self):
        self.check_heard([], publish("r", b"", RETAIN), subscribe("r"))

    def test_subscribe_hears_nothing_of_what_was_published_before(self):
        for options in (0x20, 0x21):
            self.check_heard([], publish("r", b"x", RETAIN | QOS_1, 7), publish("s", b"x"),
                             subscribe("r", "s", options=options))

    def test_what_comes_after_subscribe_is_heard(self):
        self.check_heard([(0, b"x")], subscribe("s"), publish("s", b"x"))

    def test_what_comes_at_once_before_disconnect(self):
        witness, peer = self.peer(), self.peer()
        witness.open(client="witness")
        witness.subscribe("+/last", options=1)
        peer.open()
        peer.send(publish("a/last", b"1", QOS_1, 1) + subscribe("a/last", id=2) +
                  publish("b/last", b"2", QOS_1, 3) + packet(DISCONNECT))
        self.assertEqual({witness.expect(PUBLISH)[-1:] for _ in range(2)}, {b"1", b"2"})


class TooLongForTheClient(Case):
    """Of packets beyond the client's Maximum Packet Size none is sent [MQTT-3.1.2-24], and nobody waits for one."""

    def open(self, size, more=b""):
        peer = self.peer()
        peer.send(connect(props=b"\x27" + u32(size) + more))
        return peer

    def test_a_refusal(self):
        for size, told in ((30, True), (5, True), (4, False), (1, False)):
            packets = [(CONNACK, bytes((0, BAD_AUTHENTICATION_METHOD, 0)))] if told else []
            self.assertEqual(self.open(size, METHOD).rest(), packets, size)

    def test_a_welcome(self):
        for size, told in ((15, True), (5, True), (4, False), (1, False)):
            packets = [(CONNACK, bytes((0, PACKET_TOO_LARGE, 0)))] if told else []
            self.assertEqual(self.open(size).rest(), packets, size)

    def test_an_answer(self):
        peer = self.open(25)
        self.assertEqual(peer.expect(CONNACK)[:2], b"\0\0")
        peer.send(subscribe(*(f"f/{i}" for i in range(40))))
        self.assertEqual(peer.rest(), [(DISCONNECT, bytes([PACKET_TOO_LARGE]))])


class LastWords(Case):
    """What ends a connection, and that nothing follows it."""

    def sessions(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port_of('http')}/metrics",
                                    timeout=harness.PATIENCE) as answer:
            return int(re.search(rb'kodama_sessions\{[^}]*mqtt[^}]*\} (-?\d+)', answer.read())[1])

    def test_a_reason_that_only_servers_have(self):
        """[MQTT-3.14.2-1], and the session, which was to end with its connection, does."""
        for reason in (0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, *range(0x9A, 0xA3)):
            peer = self.peer()
            peer.open(client=f"c{reason}")
            peer.send(packet(DISCONNECT, bytes([reason])))
            self.assertEqual([(first, body[:1]) for first, body in peer.rest()],
                             [(DISCONNECT, bytes([PROTOCOL_ERROR]))], hex(reason))
        deadline = time.monotonic() + harness.PATIENCE
        while self.sessions() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.sessions(), 0)

    def test_a_reason_that_clients_have(self):
        for reason in (0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99):
            peer = self.peer()
            peer.open()
            peer.send(packet(DISCONNECT, bytes([reason])))
            self.assertEqual(peer.rest(), [], hex(reason))

    def test_answers_come_before_disconnect(self):
        """Nothing is sent after it [MQTT-3.14.4-1]."""
        peer = self.peer()
        peer.open()
        peer.send(publish("x" * 2000, b"", QOS_1, 5) + packet(AUTH))
        self.assertEqual([first for first, _ in peer.rest()], [PUBACK, DISCONNECT])

    def test_answers_that_nobody_reads(self):
        """Are not hoarded: who asks on and on without reading is not heard any more."""
        peer = self.peer(receive_buffer=4096)
        peer.open()
        pings = packet(PINGREQ) * 100_000
        with self.assertRaises(OSError):
            for _ in range(400):  # 80 MB; sockets take 10 at most
                peer.send(pings)
        if not SANITIZED:
            self.assertLess(self.server.resident_kib(), 200 * 1024)


class Groups(Case):
    """Shared subscriptions: what one member can't be given goes to another (4.8.2)."""

    def member(self, name, qos, receive_maximum=100, expiry=0):
        peer = self.peer()
        peer.open(5, 2, client=name, props=b"\x21" + u16(receive_maximum) + b"\x11" + u32(expiry))
        self.assertEqual(peer.subscribe("$share/g/job", options=qos), bytes([qos]))
        return peer

    def fetch(self, peer, count):
        """The last byte of so many messages, which are acknowledged."""
        found = []
        while len(found) != count:
            first, body = peer.next()
            if first & 0xF0 == PUBLISH:
                found.append(body[-1])
                peer.send(packet(PUBACK if first & 6 == QOS_1 else PUBREC, body[5:7]))
            elif first & 0xF0 == PUBREL:
                peer.send(packet(PUBCOMP, body[:2]))
        return sorted(found)

    def hand_out(self, qos):
        """Twenty messages to two members, of whom one takes one at a time and acknowledges none."""
        worker, other = self.member("worker", qos, receive_maximum=1), self.member("other", qos)
        owner = self.peer()
        owner.open(client="owner")
        for i in range(20):
            owner.send(publish("job", bytes([i]), qos << 1, i + 1))
            if qos == 2:
                owner.expect(PUBREC)
                owner.send(packet(PUBREL | 2, u16(i + 1)))
            owner.expect(PUBACK if qos == 1 else PUBCOMP)
        first = worker.expect(PUBLISH)[-1]
        return worker, other, first, self.fetch(other, 10)

    def test_what_an_ended_session_has_not_acknowledged(self):
        worker, other, first, others = self.hand_out(1)
        worker.close()
        self.assertEqual(sorted(others + self.fetch(other, 10)), list(range(20)))

    def test_but_not_what_may_have_arrived_at_qos_2(self):
        """[MQTT-4.8.2-5]"""
        worker, other, first, others = self.hand_out(2)
        worker.send(packet(DISCONNECT))
        self.assertEqual(sorted(others + self.fetch(other, 9) + [first]), list(range(20)))

    def test_what_a_clean_start_leaves_behind(self):
        worker, other, first, others = self.hand_out(1)
        self.peer().open(client="worker")
        self.assertEqual(sorted(others + self.fetch(other, 10)), list(range(20)))

    def test_what_one_member_has_no_room_for_ends_no_other(self):
        self.server.stop()
        self.server = self.serve("--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                 config='[mqtt_limits]\nsession_buffer_max = "128KiB"\n')
        self.port = self.server.port_of("mqtt")
        slow, other = self.member("slow", 1, receive_maximum=1), self.member("other", 1)
        owner = self.peer()
        owner.open(client="owner")
        got = set()
        for i in range(250):
            owner.send(publish("job", bytes(2000) + bytes([i]), QOS_1, i + 1))
            owner.expect(PUBACK)
            other.send(packet(PINGREQ))
            while (found := other.next())[0] != PINGRESP:
                got.add(found[1][-1])
                other.send(packet(PUBACK, found[1][5:7]))
        self.assertGreater(len(got), 125)  # its own turns, and more from when the slow one had gone
        self.assertEqual(slow.rest()[-1][0], DISCONNECT)

    def test_turns_of_sessions_that_come_and_go(self):
        """Are not lost with them, as long as another member stays."""
        steady = self.member("steady", 1, receive_maximum=60_000)
        owner = self.peer()
        owner.open(client="owner")
        for round in range(40):
            guest = self.member(f"guest {round % 3}", 1)
            owner.send(b"".join(publish("job", bytes([i]), QOS_1, i + 1) for i in range(100)))
            guest.send(packet(DISCONNECT))
            for _ in range(100):
                owner.expect(PUBACK)
            guest_got = [body[-1] for first, body in guest.rest() if first & 0xF0 == PUBLISH]
            got = set(guest_got)
            while len(got) < 100:
                found = steady.expect(PUBLISH)
                got.add(found[-1])
                steady.send(packet(PUBACK, found[5:7]))
            steady.send(packet(PINGREQ))
            while (found := steady.next())[0] != PINGRESP:  # what the guest had and did not acknowledge
                steady.send(packet(PUBACK, found[1][5:7]))

    def test_what_is_declined_when_its_topic_has_closed(self):
        """The directory opens it again."""
        leaver, other = self.peer(), self.peer()
        leaver.open(client="leaver")
        names = [f"f/{i:05}" for i in range(7000)]
        for i in range(0, 7000, 3500):
            leaver.subscribe(*names[i:i + 3500])
        for each in (leaver, other):
            if each is other:
                other.open(client="other")
            each.subscribe("$share/g/t/#", options=1)
        leaver.send(unsubscribe(*names, "$share/g/t/#") + packet(PINGREQ))
        leaver.expect(PINGRESP)  # it has been read, and the directory is on its way through all of that
        for i in range(60):
            peer = self.peer()
            peer.send(connect(client=f"p{i}") + publish(f"t/{i}", bytes([i]), QOS_1, 1) + packet(DISCONNECT))
        self.assertEqual(self.fetch(other, 60), list(range(60)))


class WrongAnswers(Case):
    def owed(self, qos, version):
        """A client to which a PUBLISH is owed, and its packet identifier."""
        peer = self.peer()
        peer.open(version)
        props = NONE if version == 5 else b""
        peer.send(subscribe("t", options=qos, props=props))
        peer.expect(SUBACK)
        peer.send(publish("t", b"x", qos << 1, 1, props=props))
        while True:
            first, body = peer.next()
            if first & 0xF0 == PUBLISH:
                return peer, body[3:5]

    def check_broken_off(self, qos, *answers):
        for version in (4, 5):
            peer, id = self.owed(qos, version)
            for answer in answers:
                peer.send(packet(answer, id))
            last = peer.rest()[-1:]
            if version == 5:
                self.assertEqual([(first, body[:1]) for first, body in last], [(DISCONNECT, bytes([PROTOCOL_ERROR]))])
            else:
                self.assertNotIn(DISCONNECT, [first for first, _ in last])

    def test_to_a_publish_of_qos_1(self):
        self.check_broken_off(1, PUBREC)
        self.check_broken_off(1, PUBCOMP)

    def test_to_a_publish_of_qos_2(self):
        self.check_broken_off(2, PUBACK)
        self.check_broken_off(2, PUBCOMP)
        self.check_broken_off(2, PUBREC, PUBACK)

    def test_to_nothing(self):
        peer = self.peer()
        peer.open()
        peer.send(packet(PUBACK, u16(9)) + packet(PUBCOMP, u16(9)) + packet(PUBREC, u16(9), b"\x80") +
                  packet(PUBREC, u16(9)) + packet(PINGREQ))
        self.assertEqual(peer.expect(PUBREL), u16(9) + bytes([NOT_FOUND]))
        peer.expect(PINGRESP)


if __name__ == "__main__":
    harness.main()
