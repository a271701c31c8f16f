#!/usr/bin/env python3
"""Users, passwords, signed tokens, rules and plans, with stock MQTT clients, native ones and HTTP."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import harness
from mqtt_abuse_test import CONNACK, PUBACK, PUBLISH, SUBACK, Peer, connect, publish, subscribe, text, u32

KEY = "signing key of at least thirty-two bytes"
RULES = """
passwords = "{users}"
usage_file = "{usage}"
[anonymous]
subscribe = ["open/#"]
publish = []
[plans.tiny]
message_size_max = "1KiB"
messages_per_month = 5
connections_max = 2
subscriptions_max = 2
stored_bytes_max = "2KiB"
[plans.slow]
messages_per_second = 3
[plans.terse]
message_size_max = "16B"
[users.ann]
publish = ["home/%u/#", "by/%c"]
subscribe = ["home/#"]
subscribe_denied = ["home/secret/#"]
[users.bob]
plan = "tiny"
tokens = ["bob's token"]
[users.carl]
plan = "slow"
tokens = ["carl's token"]
[users.gil]
tokens = ["gil's token"]
[users.fay]
plan = "terse"
tokens = ["fay's token"]
[users.hook]
publish = ["hooks/#"]
tokens = ["hook's token"]
webhook_secret = "s3cret"
[[jwt]]
algorithm = "HS256"
secret = "signing key of at least thirty-two bytes"
audience = "kodama"
publish = ["jwt/%u"]
"""


def signed(claims, key=KEY, algorithm="HS256"):
    """A JSON Web Token."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    text = b".".join(part(json.dumps(x).encode()) for x in ({"alg": algorithm, "typ": "JWT"}, claims))
    if algorithm == "none":
        return (text + b".").decode()
    return (text + b"." + part(hmac.new(key.encode(), text, hashlib.sha256).digest())).decode()


class Accounts(harness.Case):
    def setUp(self):
        super().setUp()
        self.users = os.path.join(self.directory, "users.txt")
        self.usage = os.path.join(self.directory, "usage.txt")
        for name in ("ann", "bob"):
            self.set_password(name, name + "'s password")
        self.rules = RULES.format(users=self.users, usage=self.usage)
        self.server = self.begin()

    def begin(self):
        server = self.serve("--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", config=self.rules)
        self.place = server.mqtt.rsplit(":", 1)
        self.http = server.places["http"][0]
        return server

    def set_password(self, name, password, *options):
        done = self.ask("passwd", *options, self.users, name, lines=password + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    def ask(self, *arguments, lines=None):
        return subprocess.run([harness.KODAMA, *map(str, arguments)], input=lines, text=True,
                              capture_output=True, timeout=harness.PATIENCE)

    def run_client(self, program, *arguments, version="5"):
        return subprocess.run(
            [program, "-h", self.place[0], "-p", self.place[1], "-V", version, *map(str, arguments)],
            capture_output=True, text=True, timeout=harness.PATIENCE)

    def login(self, user, password, **options):
        return self.run_client("mosquitto_pub", "-u", user, "-P", password, "-t", "home/ann/x", "-m",
                               "x", "-q", 1, **options)

    def sub(self, *arguments, version="5"):
        return self.start("-oL", "mosquitto_sub", "-h", self.place[0], "-p", self.place[1], "-V",
                          version, "-d", "-F", "got %t %p", *map(str, arguments), binary="stdbuf")

    def request(self, method, path, body=None, **headers):
        asked = urllib.request.Request("http://" + self.http + path, method=method,
                                       data=body if body is None else body.encode(),
                                       headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(asked, timeout=harness.PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


class Passwords(Accounts):
    def test_right_and_wrong(self):
        self.assertEqual(self.login("ann", "ann's password").returncode, 0)
        for version in ("5", "311"):
            for user, password in (("ann", "wrong"), ("nobody", "ann's password"), ("ann", "")):
                done = self.login(user, password, version=version)
                self.assertNotEqual(done.returncode, 0, (user, password))
                self.assertRegex(done.stderr, "(?i)not authorised|bad user name|refused")

    def test_native_clients_say_both_in_the_token(self):
        done = self.ask("pub", "--connect", self.server.address, "--token", "ann:ann's password",
                        "home/ann/x", "hello")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.ask("pub", "--connect", self.server.address, "--token", "ann:wrong", "home/ann/x", "hello")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bad_token", done.stderr)

    def test_a_changed_file_counts_after_sighup(self):
        self.set_password("ann", "new password")
        self.set_password("bob", "", "--delete")
        self.server.process.send_signal(signal.SIGHUP)
        self.server.until("who is connected stays")
        self.assertEqual(self.login("ann", "new password").returncode, 0)
        self.assertNotEqual(self.login("ann", "ann's password").returncode, 0)
        self.assertNotEqual(self.login("bob", "bob's password").returncode, 0)

    def test_the_file_holds_no_password(self):
        with open(self.users, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("$argon2id$"), 2)
        self.assertNotIn("password", text)

    def test_many_at_once(self):
        clients = [self.sub("-u", "ann", "-P", "ann's password", "-t", "home/x") for _ in range(20)]
        for each in clients:
            each.until("Subscribed")


class SignedTokens(Accounts):
    def test_whose_signature_counts(self):
        now = int(time.time())
        good = {"sub": "dora", "aud": ["other", "kodama"], "exp": now + 60}
        self.assertEqual(self.publish_as(signed(good)), 0)
        self.assertEqual(self.publish_as(signed({**good, "exp": now + 60.5, "nbf": now - 1.5})), 0)
        for claims, key, algorithm in (
            (good, "another key", "HS256"),
            (good, "", "none"),
            ({**good, "exp": now - 1}, KEY, "HS256"),
            ({**good, "exp": -1}, KEY, "HS256"),
            ({**good, "nbf": now + 60}, KEY, "HS256"),
            ({**good, "nbf": now + 60.5}, KEY, "HS256"),
            ({**good, "nbf": str(now - 60)}, KEY, "HS256"),
            ({**good, "aud": "other"}, KEY, "HS256"),
            ({"aud": "kodama"}, KEY, "HS256"),
        ):
            self.assertNotEqual(self.publish_as(signed(claims, key, algorithm)), 0, claims)

    def test_the_subject_fills_the_rules_in(self):
        token = signed({"sub": "dora", "aud": "kodama"})
        self.assertEqual(self.publish_as(token, "jwt/dora"), 0)
        self.assertNotEqual(self.publish_as(token, "jwt/emil"), 0)

    def test_a_connection_ends_with_its_token(self):
        dora = {"sub": "dora", "aud": "kodama"}
        brief = signed({**dora, "exp": int(time.time()) + 3})
        lasting = signed({**dora, "exp": 2 ** 62})
        durable = ("-i", "durable", "-c", "-x", 3600, "-q", 1, "-t", "jwt/#")
        subs = [self.sub("-u", "x", "-P", brief, *durable),
                self.sub("-u", "x", "-P", brief, "-t", "jwt/#", version="311")]
        native = self.start("sub", "--verbose", "--connect", self.server.address, "--token", brief,
                            "jwt/dora")
        for each in subs:
            each.until("Subscribed")
        subs[0].until(r"DISCONNECT \(160\)")
        subs[1].until("Refused")  # 3.1.1 is closed without a word, and comes back in vain
        native.until("bad_token")
        # The session is there for whoever shows another token of the same subject.
        subs[0].stop()
        self.assertEqual(self.publish_as(lasting), 0)
        self.sub("-u", "x", "-P", lasting, *durable).until("got jwt/dora x")

    def publish_as(self, token, topic="jwt/dora"):
        status, _ = self.request("POST", "/v1/publish/" + topic, "x", Authorization="Bearer " + token)
        return 0 if status == 200 else status


    def test_a_name_that_breaks_a_line(self):
        """Would be another line of the usage file: nobody has such a name."""
        for name in ("eve\noops", "eve\n2026-11 0 bob", "\teve", "eve\x7f"):
            done = self.login("x", signed({"sub": name, "aud": "kodama"}))
            self.assertIn("bad user name or password", done.stderr.lower(), name)


class Rules(Accounts):
    def test_publish(self):
        ann = ("-u", "ann", "-P", "ann's password", "-i", "one")
        for topic, ok in (("home/ann/a", True), ("by/one", True), ("by/two", False), ("other", False)):
            done = self.run_client("mosquitto_pub", *ann, "-t", topic, "-m", "x", "-q", 1)
            self.assertEqual("Not authorized" not in done.stderr, ok, (topic, done.stderr))
        # 3.1.1 has no words for it: the connection is closed.
        done = self.run_client("mosquitto_pub", *ann, "-t", "other", "-m", "x", "-q", 1, version="311")
        self.assertNotEqual(done.returncode, 0)

    def test_subscribe_is_answered_filter_by_filter(self):
        ann = ("-u", "ann", "-P", "ann's password")
        sub = self.sub(*ann, "-t", "home/+", "-t", "#", "-t", "home/secret/x")
        sub.until(r"Subscribed \(mid: \d+\): 0, 135, 135")
        sub = self.sub(*ann, "-t", "home/+", "-t", "other", version="311")
        sub.until(r"Subscribed \(mid: \d+\): 0, 128")

    def test_what_is_denied_is_not_heard_by_a_wider_filter(self):
        sub = self.sub("-u", "ann", "-P", "ann's password", "-t", "home/#")
        sub.until("Subscribed")
        for topic in ("home/secret/x", "home/open"):
            self.run_client("mosquitto_pub", "-u", "carl", "-P", "carl's token", "-t", topic, "-m", "x", "-q", 1)
        sub.until("got home/open")
        self.assertNotIn("secret", sub.stdout().replace("home/secret/#", ""))

    def test_whoever_shows_nothing(self):
        sub = self.sub("-t", "open/x", "-t", "closed")
        sub.until(r"Subscribed \(mid: \d+\): 0, 135")
        done = self.run_client("mosquitto_pub", "-t", "open/x", "-m", "x", "-q", 1)
        self.assertIn("Not authorized", done.stderr)

    def test_native(self):
        done = self.ask("pub", "--connect", self.server.address, "--token", "ann:ann's password", "other", "x")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not_authorized", done.stderr)
        done = self.ask("sub", "--connect", self.server.address, "--token", "ann:ann's password", "other")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not_authorized", done.stderr)

    def test_a_will_too(self):
        done = self.run_client("mosquitto_sub", "-u", "ann", "-P", "ann's password", "-t", "home/x",
                               "--will-topic", "other", "--will-payload", "x")
        self.assertNotEqual(done.returncode, 0)


class Reloading(Accounts):
    def reload(self, rules):
        pathlib.Path(self.directory, "kodama.toml").write_text(rules)
        self.server.process.send_signal(signal.SIGHUP)

    def test_what_has_none_keeps_the_last(self):
        """Neither those of the start, nor nobody: a slip opens no server."""
        self.reload(self.rules.replace("gil's token", "another token"))
        self.server.until("who is connected stays")
        self.reload("")
        self.server.until("they are kept")
        self.assertEqual(self.login("x", "another token").returncode, 0)
        self.assertNotEqual(self.login("x", "gil's token").returncode, 0)
        self.assertNotEqual(self.login("x", "nobody's token").returncode, 0)

    def test_what_cannot_be_read_changes_nothing(self):
        config = pathlib.Path(self.directory, "kodama.toml")
        config.unlink()
        config.mkdir()  # opens, and fails when it is read
        self.server.process.send_signal(signal.SIGHUP)
        self.server.until("cannot be read")
        self.assertEqual(self.login("x", "gil's token").returncode, 0)


class Checking(harness.Case):
    def refuses(self, rules, *expected):
        config = pathlib.Path(self.directory, "kodama.toml")
        config.write_text(rules)
        done = subprocess.run([harness.KODAMA, "check-config", config], capture_output=True, text=True,
                              timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 1)
        for each in expected:
            self.assertIn(each, done.stdout + done.stderr)

    def test_no_user_is_called_as_the_guest_is(self):
        self.refuses('[users.anonymous]\ntokens = ["t"]\n', "it is that of [anonymous]")

    def test_tokens_that_tell_nobody_apart(self):
        self.refuses('[users.ann]\ntokens = [""]\n', "kodama.toml:2", "a token is not empty")
        self.refuses('[users.ann]\ntokens = ["t"]\n[users.bob]\ntokens = ["t"]\n', "stands elsewhere, too")

    def test_passwords_of_nobody(self):
        empty = os.path.join(self.directory, "users.txt")
        pathlib.Path(empty).write_text("# nobody yet\n")
        self.refuses(f'passwords = "{empty}"\n', "users.txt: holds no user")
        self.refuses(f'passwords = "{self.directory}"\n', "cannot be read")

    def test_hashes_that_no_password_has(self):
        whole = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$UdYe8ToRVPHsL3o7yVjHLhuGzdZUbtK2gZBAQvNvc0g"
        users = pathlib.Path(self.directory, "users.txt")
        for broken in (whole[:40], whole.replace("m=19456", "m=4294967295"), "secret"):
            users.write_text(f"ann:{whole}\nbob:{broken}\n")
            self.refuses(f'passwords = "{users}"\n', "users.txt:2: expected NAME:HASH")
            self.refuses(f'[users.bob]\npassword = "{broken}"\n', "kodama.toml:2", "expected a whole hash")

    def test_a_usage_file_that_would_end_the_start(self):
        usage = pathlib.Path(self.directory, "usage.txt")
        usage.write_text("2026-11 4711 alice\nwhat?\n")
        self.refuses(f'usage_file = "{usage}"\n', "usage_file: ", "usage.txt:2: expected year and month")

    def test_a_usage_file_that_could_not_be_written(self):
        """Found at the start, not when the first counts are due; and nothing is replaced by it."""
        pipe, none = (os.path.join(self.directory, name) for name in ("pipe", "none/usage.txt"))
        os.mkfifo(pipe)
        for path, said in ((pipe, f"{pipe}: is not a regular file"),
                           (self.directory, f"{self.directory}: is not a regular file"),
                           (none, f"cannot write {none}: No such file or directory")):
            rules = f'threads = 1\nusage_file = "{path}"\n'
            self.refuses(rules, f"kodama.toml:2: usage_file: {said}")
            done = self.ask("serve", "--listen", "127.0.0.1:0", "--config",
                            os.path.join(self.directory, "kodama.toml"))
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, f"kodama.toml:2: usage_file: {said}")

    def test_a_usage_file_is_left_alone_by_a_check(self):
        usage = pathlib.Path(self.directory, "usage.txt")
        for text in (None, "2026-11 4711 alice\n"):
            if text is not None:
                usage.write_text(text)
            pathlib.Path(self.directory, "kodama.toml").write_text(f'usage_file = "{usage}"\n')
            done = self.ask("check-config", os.path.join(self.directory, "kodama.toml"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(usage.read_text() if usage.exists() else None, text)

    def test_keys_that_cannot_work(self):
        key = os.path.join(self.directory, "key.txt")
        pathlib.Path(key).write_text("hello\n")
        for algorithm, expected in (("HS256", "at least 32 bytes"), ("RS256", "expected a public key in PEM"),
                                    ("ES256", "expected a public key in PEM")):
            self.refuses(f'[[jwt]]\nalgorithm = "{algorithm}"\nkey = "{key}"\n', "key.txt", expected)
        self.refuses(f'[[jwt]]\nalgorithm = "HS256"\nkey = "{self.directory}"\n', "cannot be read")


class Guessing(Accounts):
    def begin(self):
        self.rules += "[limits]\nunauthenticated_max = 5000\n"
        return super().begin()

    def test_who_comes_behind_too_many_is_told_to_try_again(self):
        """Not that their password is wrong: many a client gives up for good then."""
        for number in range(1100):  # more than may wait
            peer = Peer(int(self.place[1]))
            peer.send(connect(5, 0xC2, text("ann"), text(f"wrong {number}"), client=f"guesser {number}"))
            peer.close()
        peer = Peer(int(self.place[1]))
        self.addCleanup(peer.close)
        peer.send(connect(5, 0xC2, text("bob"), text("bob's password"), client="bob"))
        self.assertEqual(peer.next()[1][1], 0x89)
        status, text_of = self.request("POST", "/v1/publish/t", "x", Authorization="Basic " + base64.b64encode(
            b"bob:bob's password").decode())
        self.assertEqual(status, 503, text_of)


class Stopping(Accounts):
    def test_while_passwords_wait(self):
        """Their judge has to be gone before those who asked."""
        waiting = [Peer(int(self.place[1])) for _ in range(50)]
        for number, each in enumerate(waiting):
            self.addCleanup(each.close)
            each.send(connect(5, 0xC2, text("ann"), text(f"wrong {number}"), client=f"guesser {number}"))
        waiting[0].next()  # so that the others are waiting
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.process.wait(10), 0)


class Plans(Accounts):
    bob = ("-u", "bob", "-P", "bob's password")

    def test_message_size(self):
        done = self.run_client("mosquitto_pub", *self.bob, "-t", "t", "-m", "x" * 1025, "-q", 1, "-d")
        self.assertIn("Received DISCONNECT (149)", done.stdout)
        status, text = self.request("POST", "/v1/publish/t", "x" * 1025, Authorization="Bearer bob's token")
        self.assertEqual(status, 413)
        self.assertIn("message_size_max of plan tiny is 1024 bytes, this message has 1025", text)

    def test_message_size_of_a_will(self):
        done = self.run_client("mosquitto_sub", *self.bob, "-t", "t", "--will-topic", "t", "--will-payload",
                               "x" * 1025, "-E")
        self.assertIn("Packet too large", done.stderr)

    def test_message_size_by_datagram(self):
        """What follows in the same datagram is not published by a session that has ended."""
        sub = self.sub("-t", "open/t")
        sub.until("Subscribed")
        done = self.ask("pub", "--connect", self.server.address, "--token", "fay's token", "--unreliable",
                        "open/t", "-", lines="first\n" + "x" * 17 + "\nlate\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("message_size_max of plan terse is 16 bytes, this message has 17", done.stderr)
        done = self.run_client("mosquitto_pub", *self.bob, "-t", "open/t", "-m", "then", "-q", 1)
        sub.until("got open/t then")
        self.assertEqual(re.findall("^got (.*)$", sub.stdout(), re.M), ["open/t first", "open/t then"])

    def test_quota_counts_over_protocols_and_restarts(self):
        for _ in range(4):
            done = self.run_client("mosquitto_pub", *self.bob, "-t", "t", "-m", "x", "-q", 1)
            self.assertNotIn("uota", done.stderr)
        native = ("pub", "--connect", None, "--token", "bob's token", "t", "x")
        self.assertEqual(self.ask(*[self.server.address if a is None else a for a in native]).returncode, 0)
        done = self.run_client("mosquitto_pub", *self.bob, "-t", "t", "-m", "x", "-q", 1)
        self.assertIn("Quota exceeded", done.stderr)
        self.server.stop()
        with open(self.usage, encoding="utf-8") as file:
            self.assertRegex(file.read(), r"^\d{4}-\d\d 5 bob\n$")
        self.server = self.begin()
        status, text = self.request("POST", "/v1/publish/t", "x", Authorization="Bearer bob's token")
        self.assertEqual(status, 429)
        self.assertIn("messages_per_month of plan tiny is 5", text)
        done = self.ask(*[self.server.address if a is None else a for a in native])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("quota_exceeded", done.stderr)
        self.assertRegex(self.request("GET", "/metrics")[1],
                         r'kodama_limits_hit_total\{account="bob",limit="messages_per_month"\} [1-9]')

    def test_rate(self):
        with tempfile.TemporaryFile("w+") as lines:
            lines.write(harness.numbers(50))
            lines.seek(0)
            pub = self.start("-oL", "mosquitto_pub", "-h", self.place[0], "-p", self.place[1], "-V", "5",
                             "-u", "carl", "-P", "carl's token", "-t", "t", "-q", 1, "-l", "-d",
                             stdin=lines, binary="stdbuf")
            # mosquitto_pub reads on now and then, for ever, although it has got this.
            pub.until(r"Received DISCONNECT \(150\)")

    def test_connections(self):
        here = [self.sub(*self.bob, "-t", "t") for _ in range(2)]
        for each in here:
            each.until("Subscribed")
        for version in ("5", "311"):
            done = self.run_client("mosquitto_sub", *self.bob, "-t", "t", version=version)
            self.assertNotEqual(done.returncode, 0)
        # A native client waits until there is room.
        native = self.start("sub", "--connect", self.server.address, "--token", "bob's token", "--verbose", "t")
        native.until("too_many_connections")
        here[0].stop()
        native.until("subscribed to t")
        native.stop()
        self.sub(*self.bob, "-t", "t").until("Subscribed")

    def test_subscriptions(self):
        sub = self.sub(*self.bob, "-t", "a", "-t", "b", "-t", "c")
        sub.until(r"Subscribed \(mid: \d+\): 0, 0, 151")

    def test_stored_bytes(self):
        away = ("-c", "-i", "away", "-x", 60, "-t", "s", "-q", 1)
        self.assertEqual(self.sub(*self.bob, *away, "-E").wait(), 0)
        for _ in range(4):
            self.run_client("mosquitto_pub", "-u", "carl", "-P", "carl's token", "-t", "s", "-m", "x" * 900, "-q", 1)
        # More than may be kept: the session has ended, and the client learns it.
        back = self.sub(*self.bob, *away)
        back.until("Subscribed")
        self.assertNotIn("got s", back.stdout())

    def test_stored_bytes_of_retained_messages(self):
        def retain(topic, *what):
            return self.run_client("mosquitto_pub", *self.bob, "-t", topic, "-q", 1, "-r", *what).stderr

        text = ("-m", "x" * 900)
        self.assertEqual(retain("one", *text) + retain("two", *text), "")
        self.assertIn("Quota exceeded", retain("three", *text))
        will = ("-t", "t", "--will-topic", "w", "--will-payload", "x" * 900, "--will-retain")
        self.assertIn("uota exceeded", self.run_client("mosquitto_sub", *self.bob, *will).stderr)
        status, told = self.request("POST", "/v1/publish/three?retain=true", "x" * 900,
                                    Authorization="Bearer bob's token")
        self.assertEqual(status, 507)
        self.assertIn("stored_bytes_max of plan tiny is 2048", told)
        self.assertRegex(self.request("GET", "/metrics")[1],
                         r'kodama_limits_hit_total\{account="bob",limit="stored_bytes_max"\} 3')


class ComingBack(Accounts):
    """A client whose account has changed meanwhile, or who is refused."""

    def connect(self, user, secret, client, flags=0, expiry=60, will=()):
        """What CONNACK says, and the connection."""
        peer = Peer(int(self.place[1]))
        self.addCleanup(peer.close)
        peer.send(connect(5, 0xC0 | flags, *will, text(user), text(secret), props=b"\x11" + u32(expiry), client=client))
        first, body = peer.next()
        self.assertEqual(first, CONNACK)
        return peer, body[:2]

    def bob(self, client, *arguments, **options):
        return self.connect("bob", "bob's password", client, *arguments, **options)

    def reload(self, old, new):
        self.assertIn(old, self.rules)
        self.rules = self.rules.replace(old, new)
        pathlib.Path(self.directory, "kodama.toml").write_text(self.rules)
        before = self.server.stderr().count("who is connected stays")
        self.server.process.send_signal(signal.SIGHUP)
        self.server.until("who is connected stays", before + 1)

    def counted(self, what):
        return int(re.search(r"%s\} (-?\d+)" % what, self.request("GET", "/metrics")[1])[1])

    def sessions(self, protocol):
        return self.counted(r"kodama_sessions\{[^}]*%s[^}]*" % protocol)

    def clients(self):
        return self.counted(r"kodama_clients\{[^}]*mqtt[^}]*")

    def test_takes_its_own_place(self):
        _, told = self.bob("one")
        self.assertEqual(told, b"\0\0")
        self.bob("two")
        self.assertEqual(self.bob("three")[1], b"\0\x97")
        self.reload("connections_max = 2", "connections_max = 1")
        self.assertEqual(self.bob("one")[1], b"\1\0")
        self.assertEqual(self.bob("three")[1], b"\0\x97")

    def test_refused_for_its_will_leaves_all_as_it_was(self):
        first, _ = self.connect("ann", "ann's password", "one")
        self.reload('subscribe = ["home/#"]', 'subscribe = ["home/new/#"]')
        _, told = self.connect("ann", "ann's password", "one", 0x04, will=(b"\0", text("other"), text("x")))
        self.assertEqual(told, b"\0\x87")
        first.send(subscribe("home/#"))
        self.assertEqual(first.expect(SUBACK)[-1:], b"\0")

    def test_refused_opens_no_session(self):
        self.bob("one")
        self.bob("two")
        for i in range(3):
            self.assertEqual(self.bob(f"more {i}")[1], b"\0\x97")
            native = self.start("sub", "--connect", self.server.address, "--token", "bob's token", "--verbose", "t")
            native.until("too_many_connections")
            native.stop()
        self.assertEqual((self.sessions("mqtt"), self.sessions("native")), (2, 0))

    def test_hears_no_more_than_it_may_now(self):
        first, _ = self.connect("ann", "ann's password", "one", flags=2)
        first.send(subscribe("home/#", options=1))
        first.expect(SUBACK)
        first.close()
        self.reload('subscribe = ["home/#"]', 'subscribe = ["home/new/#"]')
        back, told = self.connect("ann", "ann's password", "one")
        self.assertEqual(told, b"\1\0")
        other, _ = self.connect("gil", "gil's token", "other", flags=2)
        other.send(publish("home/old", b"x", 2, 1))
        other.expect(PUBACK)
        other.send(publish("home/new/x", b"y"))
        self.assertEqual(back.expect(PUBLISH)[-1:], b"y")

    def comes_back_to(self, allowed, *topics):
        """A native subscriber whose rules are `allowed` from its second connection on."""
        there = ("flaky", "--listen", f"127.0.0.2:{self.server.port}", "--to", self.server.address)
        proxy = self.start(*there)
        proxy.until("flaky ready")
        sub = self.subscribe(f"127.0.0.2:{self.server.port}", "--token", "gil's token", *topics)
        self.reload("[users.gil]", f"[users.gil]\nsubscribe = {json.dumps(allowed)}")
        proxy.stop()
        self.start(*there).until("flaky ready")
        return sub

    def test_natively_to_a_topic_that_it_may_not_hear_any_more(self):
        sub = self.comes_back_to(["home/new", "more/#"], "home/new", "home/old", "more/#")
        sub.until("may not subscribe to .home/old. any more")
        sub.until("not_authorized")

    def test_natively_by_a_claim_that_is_refused_and_disturbs_nobody(self):
        native = harness.minimal_client()

        def client():
            made = native.Client("127.0.0.1", self.server.port, b"gil's token")
            self.addCleanup(lambda: made.socket and made.socket.close())
            return made

        first = client()
        first.connect()
        first.request(native.SUBSCRIBE, (native.TOPIC, b"home/old"))
        self.reload("[users.gil]", '[users.gil]\nsubscribe = ["more/new"]')
        second = client()
        second.session, second.received = first.session, first.received
        with self.assertRaisesRegex(PermissionError, "reason 20"):
            second.connect()
        self.publish(self.server.address, "--token", "bob's token", "home/old", "still here")
        while b"still here" not in repr(first.poll()).encode():
            pass

    def test_natively_to_topics_that_it_may_hear(self):
        sub = self.comes_back_to(["home/new", "more/new"], "home/new", "more/#")
        sub.until("resumed")
        for topic in ("more/old", "more/new", "home/new"):
            self.publish(self.server.address, "--token", "bob's token", topic, topic)
        sub.until("home/new")
        self.assertEqual(sub.stdout(), "more/new\nhome/new\n")
        self.assertNotIn("session lost", sub.stderr())

    def test_what_was_under_way_counts_as_stored(self):
        """Beyond the plan, the session ends as one does to which more comes while it is away."""
        other, _ = self.connect("gil", "gil's token", "other", flags=2)
        for bytes_each, kept in ((500, True), (700, False)):
            client = f"c{bytes_each}"
            first, _ = self.bob(client, flags=2)
            first.send(subscribe("s/" + client, options=1))
            first.expect(SUBACK)
            for i in range(3):
                other.send(publish("s/" + client, b"x" * bytes_each, 2, i + 1))
            for _ in range(3):
                first.expect(PUBLISH)
            first.close()
            deadline = time.monotonic() + harness.PATIENCE
            while self.clients() != 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            back, told = self.bob(client, expiry=0)
            self.assertEqual(told, b"\1\0" if kept else b"\0\0")
            back.close()

    def test_a_group_passes_on_what_one_of_it_may_not_hear(self):
        ann, _ = self.connect("ann", "ann's password", "one", flags=2)
        gil, _ = self.connect("gil", "gil's token", "two", flags=2)
        for each in (ann, gil):
            each.send(subscribe("$share/g/home/#"))
            self.assertEqual(each.expect(SUBACK)[-1:], b"\0")
        other, _ = self.connect("gil", "gil's token", "other", flags=2)
        for i in range(4):
            other.send(publish("home/secret/x", b"%d" % i))
        self.assertEqual({gil.expect(PUBLISH)[-1:] for _ in range(4)}, {b"0", b"1", b"2", b"3"})


class Http(Accounts):
    def test_publish_reaches_every_protocol(self):
        sub = self.subscribe(self.server.address, "--token", "carl's token", "--count", "1", "t/x y")
        mqtt = self.sub("-u", "carl", "-P", "carl's token", "-t", "t/+", "-C", 1)
        mqtt.until("Subscribed")
        status, text = self.request("POST", "/v1/publish/t/x%20y", '{"a": 1}',
                                    Authorization="Bearer carl's token", Content_Type="application/json")
        self.assertEqual((status, json.loads(text)), (200, {"topic": "t/x y", "acknowledged": True}))
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.stdout(), '{"a": 1}\n')
        mqtt.until(r'got t/x y \{"a": 1\}')

    def test_subscribers(self):
        sub = self.subscribe(self.server.address, "--token", "carl's token", "t")
        status, text = self.request("GET", "/v1/topics/t/subscribers", Authorization="Bearer carl's token")
        self.assertEqual(status, 200)
        self.assertEqual(len(json.loads(text)["subscribers"]), 1)
        sub.stop()

    def test_refusals(self):
        basic = "Basic " + base64.b64encode(b"ann:ann's password").decode()
        for method, path, headers, expected in (
            ("POST", "/v1/publish/t", {}, 403),
            ("POST", "/v1/publish/t", {"Authorization": "Bearer wrong"}, 401),
            ("POST", "/v1/publish/t", {"Authorization": "Digest x"}, 401),
            ("POST", "/v1/publish/t", {"Authorization": basic}, 403),
            ("POST", "/v1/publish/home/ann/x", {"Authorization": basic}, 200),
            ("POST", "/v1/publish/", {"Authorization": basic}, 400),
            ("POST", "/v1/publish/a/%23", {"Authorization": basic}, 400),
            ("GET", "/v1/publish/t", {}, 405),
            ("GET", "/nothing", {}, 404),
            ("GET", "/v1/topics/other/subscribers", {"Authorization": basic}, 403),
        ):
            status, text = self.request(method, path, "x" if method == "POST" else None, **headers)
            self.assertEqual(status, expected, (path, text))
            if status != 200:
                self.assertTrue(json.loads(text)["error"])

    def test_webhook_with_a_signature(self):
        body = json.dumps({"ref": "refs/heads/main", "commits": ["x" * 4000]})
        right = "sha256=" + hmac.new(b"s3cret", body.encode(), hashlib.sha256).hexdigest()
        path = "/v1/publish/hooks/push?token=hook's%20token"
        self.assertEqual(self.request("POST", path, body, X_Hub_Signature_256=right)[0], 200)
        for wrong in ({}, {"X_Hub_Signature_256": "sha256=" + "0" * 64}):
            self.assertEqual(self.request("POST", path, body, **wrong)[0], 401)
        self.assertEqual(self.request("POST", path, body + " ", X_Hub_Signature_256=right)[0], 401)

    def test_health_and_metrics(self):
        self.assertEqual(self.request("GET", "/healthz"), (200, "ok\n"))
        self.assertEqual(self.request("GET", "/readyz"), (200, "ready\n"))
        self.request("POST", "/v1/publish/t", "x", Authorization="Bearer carl's token")
        text = self.request("GET", "/metrics")[1]
        for line in ('kodama_messages_total{direction="in",protocol="http",qos="1"} 1',
                     "kodama_publish_seconds_count 1", "# TYPE kodama_publish_seconds histogram",
                     'kodama_http_requests_total{status="200"} 3', "kodama_topics "):
            self.assertIn(line, text)

    def test_metrics_of_retained_messages(self):
        def retained():
            text = self.request("GET", "/metrics")[1]
            return [int(re.search(rf"^kodama_retained_{what} (\d+)$", text, re.M)[1])
                    for what in ("messages", "bytes")]

        def retain(topic, payload):
            self.assertEqual(self.request("POST", f"/v1/publish/{topic}?retain=true", payload,
                                          Authorization="Bearer carl's token")[0], 200)

        self.assertEqual(retained(), [0, 0])
        retain("one", "x" * 100)
        one = retained()
        self.assertEqual(one[0], 1)
        self.assertGreaterEqual(one[1], len("one") + 100)
        retain("two", "x" * 100)
        self.assertEqual(retained(), [2, 2 * one[1]])
        retain("two", "")
        self.assertEqual(retained(), one)

    def converse(self, said):
        """What is answered until the server closes."""
        host, port = self.http.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=harness.PATIENCE) as wire:
            wire.sendall(said)
            answer = b""
            while more := wire.recv(65536):
                answer += more
        return answer

    def test_what_is_no_http(self):
        for said in (b"\x10\x20garbage\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 5000,
                     b"POST /v1/publish/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"):
            answer = self.converse(said)
            self.assertRegex(answer, rb"^HTTP/1.1 4(00|13|31) ")
        self.assertEqual(self.request("GET", "/healthz")[0], 200)


if __name__ == "__main__":
    harness.main()
