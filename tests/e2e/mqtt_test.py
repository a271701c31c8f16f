#!/usr/bin/env python3
"""Stock MQTT clients against the server, alone and in one world of topics with native ones."""

import re
import signal
import socket
import subprocess
import time

import harness

BOTH = ("311", "5")


class Mqtt(harness.Case):
    config = ""

    def setUp(self):
        super().setUp()
        self.server = self.serve("--mqtt", "127.0.0.1:0", config=self.config)
        host, port = self.server.mqtt.rsplit(":", 1)
        self.place = (host, int(port))

    def listen(self, version, *arguments):
        """mosquitto_sub, line by line although nobody looks at it in a terminal."""
        return self.start("-oL", "mosquitto_sub", *self.client(version, "-d", *arguments),
                          binary="stdbuf")

    def client(self, version, *arguments):
        return ("-h", self.place[0], "-p", self.place[1], "-V", version, *arguments)

    def sub(self, version, *arguments, ready="Subscribed"):
        """mosquitto_sub whose subscription stands."""
        program = self.listen(version, "-F", "got %t %p qos=%q retain=%r", *arguments)
        program.until(ready)
        return program

    def pub(self, version, *arguments):
        done = subprocess.run(
            ["mosquitto_pub", *map(str, self.client(version, *arguments))],
            capture_output=True,
            text=True,
            timeout=harness.PATIENCE,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    @staticmethod
    def got(program):
        return re.findall(r"^got (.*)$", program.stdout(), re.MULTILINE)


class Delivery(Mqtt):
    def test_each_qos_in_either_version(self):
        for version in BOTH:
            sub = self.sub(version, "-t", "a/b", "-q", 2)
            for publisher in BOTH:
                for qos in (0, 1, 2):
                    self.pub(publisher, "-t", "a/b", "-m", f"{publisher}-{qos}", "-q", qos)
                    # One of QoS 2 is shown once PUBREL has come: the next could overtake it.
                    sub.until(f"got a/b {publisher}-{qos}")
            expected = [f"a/b {p}-{q} qos={q} retain=0" for p in BOTH for q in (0, 1, 2)]
            self.assertEqual(self.got(sub), expected)

    def test_the_lower_qos_counts(self):
        sub = self.sub("5", "-t", "t", "-q", 1)
        self.pub("5", "-t", "t", "-m", "two", "-q", 2)
        sub.until("got t two qos=1")

    def test_wildcards_and_topics_apart(self):
        every = self.sub("5", "-t", "#")
        level = self.sub("311", "-t", "a/+/c")
        for topic in ("a/b/c", "a/b/c/d", "a//c", "$own/x", "a"):
            self.pub("5", "-t", topic, "-m", "x", "-q", 1)
        every.until("got a x")
        level.until("got a//c")
        self.assertEqual([g.split()[0] for g in self.got(every)], ["a/b/c", "a/b/c/d", "a//c", "a"])
        self.assertEqual([g.split()[0] for g in self.got(level)], ["a/b/c", "a//c"])

    def test_overlapping_filters_deliver_once_at_the_highest_qos(self):
        sub = self.sub("5", "-t", "a/#", "-t", "a/b", "-t", "+/b", "-q", 2)
        self.pub("5", "-t", "a/b", "-m", "once", "-q", 2)
        self.pub("5", "-t", "a/c", "-m", "end", "-q", 2)
        sub.until("got a/c end")
        self.assertEqual(self.got(sub), ["a/b once qos=2 retain=0", "a/c end qos=2 retain=0"])

    def test_many_lines_in_order(self):
        sub = self.sub("5", "-t", "n", "-q", 2)
        text = harness.numbers(3000)
        subprocess.run(
            ["mosquitto_pub", *map(str, self.client("5", "-t", "n", "-q", 2, "-l"))],
            input=text, text=True, check=True, timeout=harness.PATIENCE,
        )
        sub.until("got n 3000 ")
        self.assertEqual([g.split()[1] for g in self.got(sub)], text.split())

    def test_properties_reach_the_subscriber(self):
        sub = self.listen("5", "-t", "p", "-C", 1, "-F", "got %t %p %C %R %P")
        sub.until("Subscribed")
        self.pub("5", "-t", "p", "-m", "x", "-D", "publish", "content-type", "text/plain",
                 "-D", "publish", "response-topic", "back", "-D", "publish", "user-property", "k", "v")
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(self.got(sub), ["p x text/plain back k:v"])


class Shared(Mqtt):
    def test_each_message_goes_to_one_of_the_group(self):
        members = [self.sub("5", "-t", "$share/g/s/+", "-q", 1) for _ in range(3)]
        other = self.sub("311", "-t", "$share/h/s/#", "-q", 1)
        plain = self.sub("5", "-t", "s/1", "-q", 1)
        text = harness.numbers(30)
        subprocess.run(
            ["mosquitto_pub", *map(str, self.client("5", "-t", "s/1", "-q", 1, "-l"))],
            input=text, text=True, check=True, timeout=harness.PATIENCE,
        )
        other.until("got s/1 30 ")
        plain.until("got s/1 30 ")
        for member in members:
            member.until("got s/1 (28|29|30) ")
        each = [[int(g.split()[1]) for g in self.got(m)] for m in members]
        self.assertEqual(sorted(sum(each, [])), list(range(1, 31)))
        self.assertEqual([len(numbers) for numbers in each], [10, 10, 10])
        self.assertTrue(all(numbers == sorted(numbers) for numbers in each), each)
        self.assertEqual(len(self.got(other)), 30)

    def test_those_who_are_connected_come_first(self):
        away = ("-c", "-i", "away", "-x", 60, "-t", "$share/g/s", "-q", 1)
        self.assertEqual(self.listen("5", *away, "-E").wait(), 0)
        here = self.sub("5", "-t", "$share/g/s", "-q", 1)
        for i in range(4):
            self.pub("5", "-t", "s", "-m", i, "-q", 1)
        here.until("got s 3")
        self.assertEqual(len(self.got(here)), 4)
        here.stop()
        # Nobody is left but the one who is away: it is kept for them.
        self.pub("5", "-t", "s", "-m", "kept", "-q", 1)
        back = self.sub("5", *away, ready="got s kept")
        self.assertEqual(self.got(back), ["s kept qos=1 retain=0"])

    def test_no_retained_message_for_a_group(self):
        self.pub("5", "-t", "r", "-m", "kept", "-r", "-q", 1)
        sub = self.sub("5", "-t", "$share/g/r", "-q", 1)
        self.pub("5", "-t", "r", "-m", "end", "-q", 1)
        sub.until("got r end")
        self.assertEqual(self.got(sub), ["r end qos=1 retain=0"])


class Retained(Mqtt):
    def test_kept_replaced_and_cleared(self):
        self.pub("5", "-t", "r/1", "-m", "old", "-r", "-q", 1)
        self.pub("311", "-t", "r/1", "-m", "new", "-r", "-q", 1)
        self.pub("5", "-t", "r/2", "-m", "two", "-r", "-q", 1)
        for version, topic in (("5", "r/+"), ("311", "r/#")):
            sub = self.sub(version, "-t", topic, "-q", 1)
            sub.until("got ", times=2)
            self.assertEqual(
                sorted(self.got(sub)), ["r/1 new qos=1 retain=1", "r/2 two qos=1 retain=1"]
            )
        self.pub("5", "-t", "r/1", "-n", "-r", "-q", 1)
        sub = self.sub("5", "-t", "r/+", "-q", 1)
        sub.until("got r/2")
        self.pub("5", "-t", "r/3", "-m", "end", "-q", 1)
        sub.until("got r/3 end qos=1 retain=0")
        self.assertEqual(len(self.got(sub)), 2)

    def test_not_beyond_its_expiry(self):
        self.pub("5", "-t", "r/1", "-m", "brief", "-r", "-q", 1,
                 "-D", "publish", "message-expiry-interval", 1)
        self.pub("5", "-t", "r/2", "-m", "lasting", "-r", "-q", 1)
        time.sleep(1.2)
        sub = self.sub("5", "-t", "r/+", "-q", 1)
        sub.until("got r/2")
        self.assertEqual(self.got(sub), ["r/2 lasting qos=1 retain=1"])


class RetainedLimits(Mqtt):
    config = '[limits]\nretained_max = 2\nretained_bytes_max = "1KiB"\n'

    def retain(self, topic, *what, refused=False):
        done = subprocess.run(
            ["mosquitto_pub", *map(str, self.client("5", "-t", topic, "-r", "-q", 1, "-d", *what))],
            capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual("RC:151" in done.stdout, refused, done.stdout + done.stderr)

    def test_their_number(self):
        sub = self.sub("5", "-t", "#", "-q", 1)
        self.retain("r/1", "-m", "one")
        self.retain("r/2", "-m", "two")
        self.retain("r/3", "-m", "three", refused=True)
        self.retain("r/1", "-n")
        self.retain("r/3", "-m", "again")
        sub.until("got r/3 again")
        # What was refused was not delivered either.
        self.assertNotIn("three", sub.stdout())

    def test_their_bytes(self):
        self.retain("r/1", "-m", "x" * 600)
        self.retain("r/2", "-m", "x" * 600, refused=True)
        self.retain("r/2", "-m", "x" * 300)

    def test_what_has_expired_makes_room(self):
        sub = self.sub("5", "-t", "held", "-q", 1)  # a topic that stays open, and one that closes
        for topic in ("held", "let go"):
            self.retain(topic, "-m", "brief", "-D", "publish", "message-expiry-interval", 1)
        self.retain("r", "-m", "refused", refused=True)
        sub.until("got held")
        time.sleep(1.2)
        self.retain("r", "-m", "one")
        self.retain("s", "-m", "two")

    def test_a_will_holds_its_room(self):
        self.retain("r/1", "-m", "one")
        sub = self.sub("311", "-t", "t", "--will-topic", "w", "--will-payload", "gone", "--will-retain")
        self.retain("r/2", "-m", "two", refused=True)
        sub.stop()
        self.retain("r/2", "-m", "two")

    def test_a_will_that_is_renewed_needs_no_second_room(self):
        will = ("-t", "t", "-c", "-i", "me", "-x", 60, "--will-topic", "w", "--will-payload", "gone",
                "--will-retain", "-D", "will", "will-delay-interval", 60)
        self.retain("r/1", "-m", "one")
        self.sub("5", *will).process.kill()
        self.sub("5", *will)  # while its will waits
        self.sub("5", *will)  # while it is connected
        self.retain("r/2", "-m", "two", refused=True)

    def test_topics_that_open_again(self):
        for which in range(20):
            topic = f"r/{which % 2}"
            self.pub("5", "-t", topic, "-n", "-r", "-q", 1)
            self.retain(topic, "-m", which, "-D", "publish", "message-expiry-interval", 60)
        sub = self.sub("5", "-t", "r/+", "-q", 1)
        sub.until("got r/", times=2)
        self.assertEqual(sorted(self.got(sub)), ["r/0 18 qos=1 retain=1", "r/1 19 qos=1 retain=1"])


class Sessions(Mqtt):
    def test_what_came_while_away(self):
        for version, stay in (("5", ("-x", 60)), ("311", ())):
            me = ("-c", "-i", "me" + version, *stay, "-t", "q/+", "-q", 2)
            self.assertEqual(self.listen(version, *me, "-E").wait(), 0)
            for i in range(5):
                self.pub(version, "-t", f"q/{i}", "-m", f"away{i}", "-q", 2)
            self.pub(version, "-t", "q/0", "-m", "unkept", "-q", 0)
            sub = self.listen(version, *me, "-F", "got %p", "-C", 5)
            self.assertEqual(sub.wait(), 0)
            self.assertEqual(self.got(sub), [f"away{i}" for i in range(5)])

    def test_a_clean_start_forgets(self):
        me = ("-i", "me", "-x", 60, "-t", "q", "-q", 1)
        self.assertEqual(self.listen("5", *me, "-c", "-E").wait(), 0)
        self.pub("5", "-t", "q", "-m", "lost on purpose", "-q", 1)
        sub = self.sub("5", *me)
        self.pub("5", "-t", "q", "-m", "fresh", "-q", 1)
        sub.until("got q fresh")
        self.assertEqual(len(self.got(sub)), 1)

    def test_a_newer_connection_takes_over(self):
        first = self.sub("5", "-i", "same", "-t", "q")
        self.sub("5", "-i", "same", "-t", "q")
        first.until(r"Received DISCONNECT \(142\)")

    def test_wills(self):
        watcher = self.sub("311", "-t", "will/#", "-q", 1)
        dies = self.sub("5", "-t", "x", "--will-topic", "will/dies", "--will-payload", "gone")
        leaves = self.sub("311", "-t", "x", "--will-topic", "will/leaves", "--will-payload", "no")
        leaves.stop(signal.SIGTERM)
        dies.process.kill()
        watcher.until("got will/dies gone")
        self.pub("5", "-t", "will/end", "-m", "end", "-q", 1)
        watcher.until("got will/end")
        self.assertEqual(len(self.got(watcher)), 2)


class OneWorld(Mqtt):
    def test_native_to_mqtt(self):
        sub = self.sub("5", "-t", "w/#", "-q", 2)
        self.publish(self.server.address, "w/a", "reliable")
        sub.until("got w/a reliable qos=2")
        self.publish(self.server.address, "--unreliable", "w/a", "maybe")
        sub.until("got w/a maybe qos=0")

    def test_mqtt_to_native_by_a_filter(self):
        native = self.subscribe(self.server.address, "--count", 2, "--format", "json", "w/+")
        self.pub("5", "-t", "$w/a", "-m", "unheard", "-q", 1)
        self.pub("5", "-t", "w/a", "-m", "one", "-q", 1)
        self.pub("5", "-t", "w/b", "-m", "two", "-q", 2)
        self.assertEqual(native.wait(), 0)
        self.assertEqual([(m["topic"], m["payload"]) for m in native.lines()],
                         [("w/a", "one"), ("w/b", "two")])

    def test_mqtt_to_native(self):
        native = self.subscribe(self.server.address, "--count", 3, "--format", "json", "w/a")
        for qos in (0, 1, 2):
            self.pub("5", "-t", "w/a", "-m", str(qos), "-q", qos,
                     "-D", "publish", "content-type", "kodama/8abc")
        self.assertEqual(native.wait(), 0)
        told = native.lines()
        self.assertEqual([m["payload"] for m in told], ["0", "1", "2"])
        self.assertEqual([m.get("sequence") for m in told], [None, 1, 2])
        self.assertEqual({m["type"] for m in told}, {"0x8abc"})


class Refused(Mqtt):
    config = '[mqtt_limits]\npacket_size_max = "2KiB"\nreceive_maximum = 2\nsubscriptions_max = 2\n'

    def converse(self, *packets):
        """What the server says to these bytes until it closes."""
        with socket.create_connection(self.place, timeout=harness.PATIENCE) as link:
            for packet in packets:
                link.sendall(bytes.fromhex(packet))
            link.settimeout(5)
            heard = b""
            try:
                while more := link.recv(4096):
                    heard += more
            except (TimeoutError, socket.timeout):
                self.fail(f"still open after {heard.hex()}")
            except ConnectionResetError:
                pass
            return heard

    CONNECT = "10 0f 0004 4d515454 05 02 0000 00 0002 6d65"

    def assert_disconnect(self, heard, reason):
        at = heard.find(b"\xe0")
        self.assertNotEqual(at, -1, heard.hex())
        self.assertEqual(heard[heard.rfind(b"\xe0\x00") + 2 if heard[at + 1] == 0 else at + 2],
                         reason, heard.hex())

    def test_other_protocols_and_versions(self):
        self.assertEqual(self.converse("474554202f20485454502f312e310d0a0d0a"), b"")
        self.assertEqual(self.converse("10 0e 0006 4d5149736470 03 02 0000 0000"),
                         bytes.fromhex("20020001"))
        self.assertEqual(self.converse("10 0c 0004 4d515454 07 02 0000 0000")[:4][0], 0x20)

    def test_rules_broken(self):
        for packet, reason in (
            ("30 06 0003 612f23 00", 0x90),  # PUBLISH to a wildcard
            ("36 08 0001 61 0001 00 6161", 0x81),  # QoS 3
            ("32 06 0001 61 0000 00", 0x82),  # packet identifier 0
            ("82 03 0001 00", 0x82),  # SUBSCRIBE without a filter
            ("f0 02 18 00", 0x82),  # AUTH without a method
            ("30 ff ff 7f", 0x95),  # too large, said before it comes
            (CONNECT_AGAIN, 0x82),
        ):
            with self.subTest(packet=packet):
                heard = self.converse(self.CONNECT, packet)
                self.assert_disconnect(heard[heard[1] + 2:], reason)

    def test_receive_maximum(self):
        publishes = [f"34 07 0001 61 00{i:02x} 00 78" for i in (1, 2, 3)]
        heard = self.converse(self.CONNECT, *publishes)
        self.assertIn(b"\x93", heard)
        self.assertIn(b"Receive Maximum is 2", heard)

    def test_receive_maximum_is_not_for_3_1_1(self):
        connect = "10 0d 0004 4d515454 04 02 003c 0001 63"
        publishes = [f"34 06 0001 61 00{i:02x} 78" for i in (1, 2, 3, 4)]
        answers = "20020000 50020001 50020002 50020003 50020004"
        with socket.create_connection(self.place, timeout=harness.PATIENCE) as link:
            link.sendall(bytes.fromhex(connect + "".join(publishes)))
            heard = b""
            while len(heard) < 20 and (more := link.recv(4096)):
                heard += more
        self.assertEqual(heard.hex(" ", 4), answers)

    def test_subscriptions_max(self):
        sub = self.listen("5", "-t", "a", "-t", "b", "-t", "c")
        sub.until(r"Subscribed \(mid: 1\): 0, 0, 151")


CONNECT_AGAIN = Refused.CONNECT


class Tokens(Mqtt):
    def setUp(self):
        harness.Case.setUp(self)
        path = self.directory + "/tokens"
        with open(path, "w") as file:
            file.write("secret\n")
        self.server = self.serve("--mqtt", "127.0.0.1:0", "--tokens", path)
        host, port = self.server.mqtt.rsplit(":", 1)
        self.place = (host, int(port))

    def test_the_password_is_the_token(self):
        self.sub("5", "-u", "anybody", "-P", "secret", "-t", "t")
        for version, said in (("5", r"CONNACK \(134\)"), ("311", r"CONNACK \([45]\)")):
            refused = self.listen(version, "-u", "x", "-P", "wrong", "-t", "t")
            refused.until(said)


if __name__ == "__main__":
    harness.main()
