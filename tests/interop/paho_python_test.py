#!/usr/bin/env python3
"""Paho's client in Python against the server: every layer, version and QoS, and what 5.0 added."""

import os
import pathlib
import queue
import ssl
import subprocess
import sys
import time

try:
    import paho.mqtt.client as paho
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.subscribeoptions import SubscribeOptions
except ImportError:
    # Debian's package is for Debian's own Python.
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B", *sys.argv])

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import interop  # noqa: E402
from interop import LAYERS, each, harness  # noqa: E402

VERSIONS = {"311": paho.MQTTv311, "5": paho.MQTTv5}


class Client:
    """Paho with a queue of everything that happens."""

    def __init__(self, case, name, layer="mqtt", version="5", *, clean=True, expiry=0, user=None,
                 password=None, will=None, properties=()):
        self.happened = {kind: queue.Queue() for kind in ("connect", "message", "subscribe", "unsubscribe",
                                                          "publish", "disconnect")}
        self.five = version == "5"
        self.paho = paho.Client(name, protocol=VERSIONS[version], clean_session=None if self.five else clean,
                                transport="websockets" if "ws" in layer else "tcp")
        self.paho.on_connect = lambda c, u, flags, code, properties=None: self.put("connect", (flags, code, properties))
        self.paho.on_message = lambda c, u, message: self.put("message", message)
        self.paho.on_subscribe = lambda c, u, mid, codes, properties=None: self.put("subscribe", (codes, properties))
        self.paho.on_unsubscribe = lambda c, u, mid, properties=None, codes=None: self.put("unsubscribe", codes)
        self.paho.on_publish = lambda c, u, mid: self.put("publish", mid)
        self.paho.on_disconnect = lambda c, u, code, properties=None: self.put("disconnect", (code, properties))
        if layer in ("mqtts", "mqtt-wss"):
            self.paho.tls_set(case.authority.certificate, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        if user:
            self.paho.username_pw_set(user, password)
        if will:
            self.paho.will_set(*will)
        options = {}
        if self.five:
            asked = Properties(PacketTypes.CONNECT)
            asked.SessionExpiryInterval = expiry
            for key, value in properties:
                setattr(asked, key, value)
            options = {"clean_start": clean, "properties": asked}
        self.paho.connect("localhost", case.port(layer), keepalive=30, **options)
        self.paho.loop_start()
        self.flags, self.code, self.told = self.next("connect")
        case.addCleanup(self.end)

    def put(self, kind, what):
        self.happened[kind].put(what)

    def next(self, kind, patience=harness.PATIENCE):
        return self.happened[kind].get(timeout=patience)

    def quiet(self, kind="message", patience=0.3):
        try:
            raise AssertionError(f"unexpected: {self.happened[kind].get(timeout=patience)}")
        except queue.Empty:
            pass

    def subscribe(self, *filters, qos=2, **options):
        if self.five:
            asked = [(text, SubscribeOptions(qos=qos, **options)) for text in filters]
            self.paho.subscribe(asked)
        else:
            self.paho.subscribe([(text, qos) for text in filters])
        codes, _ = self.next("subscribe")
        return [code.value if hasattr(code, "value") else code for code in codes]

    def publish(self, topic, payload, qos=0, retain=False, **properties):
        extra = None
        if properties:
            extra = Properties(PacketTypes.PUBLISH)
            for key, value in properties.items():
                setattr(extra, key, value)
        self.paho.publish(topic, payload, qos, retain, properties=extra)
        self.next("publish")

    def message(self):
        got = self.next("message")
        return got.topic, got.payload.decode(), got.qos, got.retain

    def vanish(self):
        """The connection is gone without a word."""
        self.paho.loop_stop()
        self.paho._sock_close()

    def end(self):
        self.paho.disconnect()
        self.paho.loop_stop()


class Delivery(interop.Case):
    @each([(layer, version, qos) for layer in LAYERS for version in VERSIONS for qos in (0, 1, 2)])
    def there_and_back(self, layer, version, qos):
        client = Client(self, "c", layer, version)
        self.assertEqual(client.subscribe("t/+"), [2])
        client.publish("t/x", "hello", qos)
        self.assertEqual(client.message(), ("t/x", "hello", qos, False))

    @each(LAYERS)
    def sixty_kilobytes(self, layer):
        client = Client(self, "c", layer)
        client.subscribe("t")
        client.publish("t", "x" * 60_000, 1)
        self.assertEqual(client.message(), ("t", "x" * 60_000, 1, False))

    @each(LAYERS)
    def order_of_a_thousand(self, layer):
        sender, receiver = Client(self, "a", layer), Client(self, "b", layer)
        receiver.subscribe("t")
        for i in range(1000):
            sender.paho.publish("t", str(i), 1)
        self.assertEqual([receiver.message()[1] for _ in range(1000)], [str(i) for i in range(1000)])

    def test_native_to_mqtt_and_back(self):
        client = Client(self, "c")
        client.subscribe("lobby")
        native = self.native_sub("--count", "1", "lobby")
        self.native_pub("lobby", "from native")
        self.assertEqual(client.message(), ("lobby", "from native", 2, False))
        self.assertEqual(native.wait(), 0)
        native = self.native_sub("--count", "1", "lobby")
        client.publish("lobby", "from mqtt", 1)
        self.assertEqual(native.wait(), 0)
        self.assertEqual(native.stdout(), "from mqtt\n")

    def test_properties_pass_through(self):
        client = Client(self, "c")
        client.subscribe("t")
        client.publish("t", "x", 1, ContentType="text/plain", ResponseTopic="back", CorrelationData=b"7",
                       UserProperty=[("k", "v"), ("k", "w")], PayloadFormatIndicator=1)
        got = client.next("message").properties
        self.assertEqual((got.ContentType, got.ResponseTopic, got.CorrelationData, got.UserProperty,
                          got.PayloadFormatIndicator),
                         ("text/plain", "back", b"7", [("k", "v"), ("k", "w")], 1))

    def test_message_expiry_counts_down(self):
        away = Client(self, "away", expiry=60)
        away.subscribe("t")
        away.end()
        sender = Client(self, "sender")
        sender.publish("t", "brief", 1, MessageExpiryInterval=1)
        sender.publish("t", "lasting", 1, MessageExpiryInterval=100)
        time.sleep(1.5)
        back = Client(self, "away", clean=False, expiry=60)
        got = back.next("message")
        self.assertEqual(got.payload, b"lasting")
        self.assertLess(got.properties.MessageExpiryInterval, 100)
        back.quiet()


class Subscriptions(interop.Case):
    def test_identifiers_of_all_that_overlap(self):
        client = Client(self, "c")
        for number, text in ((1, "a/#"), (2, "a/+")):
            told = Properties(PacketTypes.SUBSCRIBE)
            told.SubscriptionIdentifier = number
            client.paho.subscribe(text, options=SubscribeOptions(qos=number), properties=told)
            client.next("subscribe")
        client.publish("a/b", "x", 2)
        got = client.next("message")
        self.assertEqual(sorted(got.properties.SubscriptionIdentifier), [1, 2])
        self.assertEqual(got.qos, 2)
        client.quiet()

    def test_no_local(self):
        client = Client(self, "c")
        client.subscribe("t", noLocal=True)
        client.publish("t", "own", 1)
        self.mosquitto_pub("-t", "t", "-m", "other", "-q", 1)
        self.assertEqual(client.message()[1], "other")

    def test_retain_as_published(self):
        plain, kept = Client(self, "a"), Client(self, "b")
        plain.subscribe("t")
        kept.subscribe("t", retainAsPublished=True)
        plain.publish("t", "x", 1, retain=True)
        self.assertEqual(plain.message()[3], False)
        self.assertEqual(kept.message()[3], True)

    @each([(0, 2), (1, 1), (2, 0)])
    def retain_handling(self, how, copies):
        client = Client(self, "c")
        client.publish("t", "kept", 1, retain=True)
        for _ in range(2):
            client.subscribe("t", retainHandling=how)
        for _ in range(copies):
            self.assertEqual(client.message(), ("t", "kept", 1, True))
        client.quiet()

    def test_unsubscribe(self):
        client = Client(self, "c")
        client.subscribe("t")
        client.paho.unsubscribe(["t", "never"])
        self.assertEqual([code.value for code in client.next("unsubscribe")], [0, 0x11])
        client.publish("t", "x", 1)
        client.quiet()

    def test_shared_groups_share(self):
        members = [Client(self, f"m{i}") for i in range(3)]
        for member in members:
            member.subscribe("$share/g/t/#")
        for i in range(9):
            members[0].publish("t/x", str(i), 1)
        got = [[member.message()[1] for _ in range(3)] for member in members]
        self.assertEqual(sorted(sum(got, [])), [str(i) for i in range(9)])

    @each([("311", 0x80), ("5", 0x87)])
    def denied(self, version, expected):
        client = Client(self, "c", version=version)
        self.assertEqual(client.subscribe("ok", "denied/x"), [2, expected])

    def test_dollar_topics_stand_apart(self):
        client = Client(self, "c")
        client.subscribe("#", "+/x")
        client.publish("$own/x", "hidden", 1)
        client.publish("seen/x", "shown", 1)
        self.assertEqual(client.message()[1], "shown")


class Sessions(interop.Case):
    @each(VERSIONS)
    def what_came_while_away(self, version):
        client = Client(self, "c", version=version, clean=False, expiry=60)
        self.assertEqual(client.flags["session present"], 0)
        client.subscribe("t")
        client.end()
        for i in range(5):
            self.mosquitto_pub("-t", "t", "-m", i, "-q", 2)
        client = Client(self, "c", version=version, clean=False, expiry=60)
        self.assertEqual(client.flags["session present"], 1)
        self.assertEqual([client.message()[1] for _ in range(5)], list("01234"))

    def test_expiry_ends_it(self):
        Client(self, "c", expiry=1).end()
        time.sleep(1.6)
        self.assertEqual(Client(self, "c", clean=False, expiry=1).flags["session present"], 0)

    def test_a_clean_start_forgets(self):
        client = Client(self, "c", expiry=60)
        client.subscribe("t")
        client.end()
        self.assertEqual(Client(self, "c", clean=True, expiry=60).flags["session present"], 0)

    def test_taken_over_with_its_reason(self):
        first = Client(self, "c", expiry=60)
        Client(self, "c", clean=False, expiry=60)
        code, _ = first.next("disconnect")
        self.assertEqual(code.value if hasattr(code, "value") else code, 0x8E)

    def test_assigned_client_identifier(self):
        self.assertTrue(Client(self, "").told.AssignedClientIdentifier)

    @each([("mqtt", "311"), ("mqtt-wss", "5")])
    def will(self, layer, version):
        watcher = Client(self, "watcher")
        watcher.subscribe("will")
        client = Client(self, "c", layer, version, will=("will", "gone", 1))
        client.vanish()
        self.assertEqual(watcher.message(), ("will", "gone", 1, False))

    def test_no_will_after_a_goodbye(self):
        watcher = Client(self, "watcher")
        watcher.subscribe("will")
        Client(self, "c", will=("will", "gone", 1)).end()
        watcher.quiet()


class Limits(interop.Case):
    def test_connack_tells_them(self):
        told = Client(self, "c", user="limited", password="right").told
        self.assertEqual(told.ReceiveMaximum, 1024)
        self.assertEqual(told.ServerKeepAlive if hasattr(told, "ServerKeepAlive") else 30, 30)
        self.assertEqual(told.MaximumPacketSize, 2048)
        self.assertIn(("message_size_max", "1024"), told.UserProperty)

    def test_a_message_that_is_too_large(self):
        client = Client(self, "c", user="limited", password="right")
        client.paho.publish("t", "x" * 1100, 1)
        code, _ = client.next("disconnect")
        self.assertEqual(code.value if hasattr(code, "value") else code, 0x95)

    def test_one_subscription_too_many(self):
        client = Client(self, "c", user="limited", password="right")
        self.assertEqual(client.subscribe("a", "b", "c", "d"), [2, 2, 2, 0x97])

    @each([("5", 0x86), ("311", 4)])
    def wrong_password(self, version, expected):
        client = Client(self, "c", version=version, user="limited", password="wrong")
        code = client.code
        self.assertEqual(code.value if hasattr(code, "value") else code, expected)

    def test_the_client_s_receive_maximum(self):
        client = Client(self, "c", properties=[("ReceiveMaximum", 2)])
        client.subscribe("t")
        # Not by the same client: Paho 1.6 miscounts what it has under way when it receives as well.
        sender = Client(self, "sender")
        for i in range(50):
            sender.paho.publish("t", str(i), 2)
        self.assertEqual([client.message()[1] for _ in range(50)], [str(i) for i in range(50)])

    def test_the_client_s_maximum_packet_size(self):
        client = Client(self, "c", properties=[("MaximumPacketSize", 100)])
        client.subscribe("t")
        self.mosquitto_pub("-t", "t", "-m", "x" * 200, "-q", 1)
        self.mosquitto_pub("-t", "t", "-m", "small", "-q", 1)
        self.assertEqual(client.message()[1], "small")


class Requests(interop.Case):
    def test_mosquitto_rr_and_a_responder(self):
        responder = Client(self, "responder")
        responder.subscribe("ask")
        asking = self.start("-h", "127.0.0.1", "-p", self.port("mqtt"), "-V", 5, "-t", "ask", "-m", "2+2", "-e",
                            "answers", "-d", binary="mosquitto_rr")
        got = responder.next("message")
        extra = Properties(PacketTypes.PUBLISH)
        if hasattr(got.properties, "CorrelationData"):
            extra.CorrelationData = got.properties.CorrelationData
        responder.paho.publish(got.properties.ResponseTopic, "4", 1, properties=extra)
        self.assertEqual(asking.wait(), 0)
        self.assertIn("4", asking.stdout())


class PahoC(interop.Case):
    """paho_c_pub and paho_c_sub of paho.mqtt.c-examples."""

    def place(self, layer):
        scheme = {"mqtt": "tcp", "mqtts": "ssl", "mqtt-ws": "ws", "mqtt-wss": "wss"}[layer]
        return f"{scheme}://localhost:{self.port(layer)}"

    @each([(layer, version) for layer in LAYERS for version in VERSIONS])
    def publishes_what_it_hears(self, layer, version):
        common = ("-c", self.place(layer), "-V", version, "--cafile", self.authority.certificate)
        sub = self.start(*common, "-t", "c/+", "-q", 2, "-i", "sub", "-v", binary="paho_c_sub")
        # It does not say when its subscription stands: so what is published is retained as well.
        done = subprocess.run(["paho_c_pub", *map(str, common), "-t", "c/x", "-m", "hello", "-q", "2", "-r",
                               "-i", "pub"], capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        # Its output is buffered until it ends, or until there is a block of it.
        deadline = time.monotonic() + harness.PATIENCE
        while "hello" not in sub.stdout():
            self.assertLess(time.monotonic(), deadline, sub.stdout() + sub.stderr())
            self.mosquitto_pub("-t", "c/filler", "-m", "x" * 4096, "-q", 1)


if __name__ == "__main__":
    interop.main()
