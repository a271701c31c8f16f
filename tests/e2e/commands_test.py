#!/usr/bin/env python3
"""sub, pub, who and ping against a server, with a network that behaves."""

import base64
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import termios
import time

import harness


class Case(harness.Case):
    @staticmethod
    def wait_for(condition):
        deadline = time.monotonic() + harness.PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("it never came about")
            time.sleep(0.01)


class Messages(Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.address = self.server.address

    def test_a_file_and_a_pipe_arrive_line_by_line(self):
        text = harness.numbers(20_000) + "the last one is not ended"
        path = os.path.join(self.directory, "lines")
        with open(path, "w") as file:
            file.write(text)
        for how in ("file", "pipe"):
            sub = self.subscribe(self.address, "--count", 20_001, "t")
            if how == "pipe":
                self.publish(self.address, "t", "-", lines=text)
            else:
                with open(path) as file:
                    pub = self.start("pub", "--connect", self.address, "t", stdin=file)
                    self.assertEqual(pub.wait(), 0, pub.stderr())
            self.assertEqual(sub.wait(), 0, sub.stderr())
            self.assertEqual(sub.stdout(), text + "\n")

    def test_json_tells_everything_about_a_message(self):
        sub = self.subscribe(self.address, "--count", 3, "--format", "json", "a/b")
        self.publish(self.address, "--type", "0x8abc", "a/b", 'say "木霊"\t\\')
        self.publish(self.address, "a/b", "\x7f\x01")
        done = subprocess.run(
            [harness.KODAMA, "pub", "--connect", self.address, "a/b", "-"], input=b"\xff\xfe\n"
        )
        self.assertEqual(done.returncode, 0)
        self.assertEqual(sub.wait(), 0)
        first, second, third = sub.lines()
        sender = first.pop("sender")
        self.assertGreater(sender, 0)
        expected = {"topic": "a/b", "sequence": 1, "type": "0x8abc", "transport": "tcp"}
        self.assertEqual(first, {**expected, "payload": 'say "木霊"\t\\'})
        self.assertEqual(second["payload"], "\x7f\x01")
        self.assertEqual(base64.b64decode(third["payload_base64"]), b"\xff\xfe")
        self.assertEqual([m["sequence"] for m in (second, third)], [2, 3])

    def test_what_falls_idle_is_flushed(self):
        sub = self.subscribe(self.address, "t")
        self.publish(self.address, "t", "one")
        sub.until("one\n")
        self.assertEqual(sub.stop(signal.SIGINT), 0)

    def test_a_closed_pipe_ends_sub_quietly(self):
        read_end, write_end = os.pipe()
        sub = subprocess.Popen(
            [harness.KODAMA, "sub", "--connect", self.address, "t"],
            stdout=write_end,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(sub.stderr.close)
        self.addCleanup(sub.kill)
        os.close(write_end)
        while not self.who("t"):
            pass
        os.close(read_end)
        self.publish(self.address, "t", "nobody reads this")
        self.assertEqual(sub.wait(harness.PATIENCE), 0)
        self.assertEqual(sub.stderr.read(), b"")

    def test_a_reader_that_does_not_read_keeps_nobody_from_ending(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        sub = subprocess.Popen(
            [harness.KODAMA, "sub", "--connect", self.address, "t"], stdout=write_end)
        self.addCleanup(sub.kill)
        os.close(write_end)
        while not self.who("t"):
            pass
        self.publish(self.address, "t", "-", lines=harness.numbers(100_000))  # a pipe holds 64 KiB
        deadline = time.monotonic() + harness.PATIENCE
        while not self.waits_in_write(sub.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        sub.send_signal(signal.SIGTERM)
        self.assertEqual(sub.wait(5), 0)

    @staticmethod
    def waits_in_write(process):
        with open(f"/proc/{process}/wchan") as file:
            return "pipe_write" in file.read()

    def test_who_is_stopped_in_front_of_a_full_pipe_loses_nothing(self):
        for blocking in (True, False):
            with self.subTest(blocking=blocking):
                read_end, write_end = os.pipe()
                os.set_blocking(write_end, blocking)
                topic = f"blocking/{blocking}"
                sub = subprocess.Popen(
                    [harness.KODAMA, "sub", "--connect", self.address, "--count", "30000", topic],
                    stdout=write_end,
                )
                self.addCleanup(sub.kill)
                while not self.who(topic):
                    pass
                self.publish(self.address, topic, "-", lines=harness.numbers(30_000))
                self.wait_for(lambda: not select.select([], [write_end], [], 0)[1])
                os.close(write_end)
                self.wait_for(lambda: self.state(sub.pid) == "S")
                sub.send_signal(signal.SIGSTOP)
                self.wait_for(lambda: self.state(sub.pid) == "T")
                sub.send_signal(signal.SIGCONT)
                self.wait_for(lambda: self.state(sub.pid) == "S")
                with open(read_end) as file:
                    self.assertEqual(file.read(), harness.numbers(30_000))
                self.assertEqual(sub.wait(harness.PATIENCE), 0)

    @staticmethod
    def state(process):
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def test_an_interrupted_count_is_no_success(self):
        sub = self.subscribe(self.address, "--count", 2, "t")
        self.publish(self.address, "t", "one")
        sub.until("one\n")
        self.assertEqual(sub.stop(signal.SIGINT), 1)
        self.assertEqual(sub.stdout(), "one\n")

    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "w") as full:
            sub = subprocess.Popen(
                [harness.KODAMA, "sub", "--connect", self.address, "--count", "1", "t"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.addCleanup(sub.stderr.close)
            self.addCleanup(sub.kill)
            while not self.who("t"):
                pass
            self.publish(self.address, "t", "one")
            self.assertEqual(sub.wait(harness.PATIENCE), 1)
            self.assert_one_line(sub.stderr.read(), "cannot write: No space left")

    def who(self, topic):
        done = self.ask("who", "--connect", self.address, topic)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [int(line) for line in done.stdout.splitlines()]

    def test_who_lists_those_who_are_there_and_watch_tells_of_them(self):
        self.assertEqual(self.who("room"), [])
        watcher = self.subscribe(self.address, "--format", "json", "--watch", "room")
        guest = self.subscribe(self.address, "room")
        watcher.until('"presence":"joined"', times=2)
        present = self.who("room")
        self.assertEqual(len(present), 2)
        told = json.loads(
            self.ask("who", "--connect", self.address, "--format", "json", "room").stdout
        )
        self.assertEqual(told, {"topic": "room", "sequence": 2, "clients": present})
        guest.stop()
        watcher.until('"presence":"left"')
        self.assertEqual(
            [(line["presence"], line["client"]) for line in watcher.lines()],
            [("joined", present[0]), ("joined", present[1]), ("left", present[1])],
        )
        # DISCONNECT, not a lost connection: that would keep the session for a minute.
        self.assertEqual(self.who("room"), present[:1])

    def test_a_filter_brings_all_topics_that_it_matches(self):
        sub = self.subscribe(self.address, "--count", 5, "--format", "json", "a/+", "a/b/#", "a/here")
        sub.until(r"subscribed to a/b/#")
        sub.until(r"subscribed to a/here")
        for topic in ("a/b", "a", "a/b/c/d", "b/a", "a/here", "a/x", "a/x"):
            self.publish(self.address, topic, "to " + topic)
        self.publish(self.address, "--unreliable", "a/y", "perhaps")
        self.assertEqual(sub.wait(), 0)
        got = [(m["topic"], m["sequence"], m["payload"]) for m in sub.lines()]
        self.assertEqual([topic for topic, _, _ in got], ["a/b", "a/b/c/d", "a/here", "a/x", "a/x"])
        self.assertEqual([payload for _, _, payload in got], ["to " + topic for topic, _, _ in got])
        self.assertGreater(got[4][1], got[3][1])

    def test_a_topic_is_taken_as_it_is(self):
        topics = ["[a,b]", "[]", "a,b", "pub", "[x"]
        sub = self.start("sub", "--connect", self.address, "--verbose", "--count", len(topics), "--format",
                         "json", *topics)
        for topic in topics:
            sub.until("subscribed to " + re.escape(topic))
        for topic in (*topics, "a", "b"):
            self.publish(self.address, topic, topic)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual([m["topic"] for m in sub.lines()], topics)
        self.assertRegex(self.ask("sub", "--help").stdout, r"Usage: kodama sub \[OPTIONS\] TOPIC\.\.\.\n")

    def test_who_listens_by_a_filter_is_no_subscriber(self):
        sub = self.subscribe(self.address, "#")
        self.publish(self.address, "room", "one")
        sub.until("one\n")
        self.assertEqual(self.who("room"), [])

    def test_ping_knows_round_trip_time_and_udp(self):
        done = self.ask("ping", "--connect", self.address, "--count", 5, "--interval", "1ms",
                        "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(len(told["round_trips_ms"]), 5)
        self.assertLess(abs(told["time_offset_ms"]), 1000)
        self.assertTrue(told["udp"]["up"])
        self.assertGreaterEqual(told["udp"]["datagram_size_max"], 1200)
        self.assertGreater(told["udp"]["round_trip_ms"], 0)
        done = self.ask("ping", "--connect", self.address, "--no-udp", "--count", 1)
        self.assertRegex(done.stdout, "UDP: not asked for")


class Refusals(harness.Case):
    def test_nobody_there_is_told_after_the_timeout(self):
        address = self.serve_and_stop()
        for command in (["who", "t"], ["ping"], ["pub", "t", "m"]):
            started = time.monotonic()
            done = self.ask(*command, "--connect", address, "--timeout", "300ms",
                            *(["--interval", "0"] if command == ["ping"] else []))
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, "300 ms.*no connection to .*Connection refused")
            self.assertLess(time.monotonic() - started, 10)

    def test_a_proxy_before_itself(self):
        done = self.ask("flaky", "--listen", "127.0.0.1:1234", "--to", "127.0.0.1:1234")
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, "--to is --listen")

    def test_whoever_waits_for_ever_is_told_once(self):
        address = self.serve_and_stop()
        sub = self.start("sub", "--connect", address, "t")
        sub.until(f"no connection to {address}: Connection refused; goes on trying")
        time.sleep(1)
        server = self.start("serve", "--listen", address)
        sub.until(f"connected to {address} as client")
        self.assertEqual(len(sub.stderr().splitlines()), 2)
        sub.stop()
        server.stop()

    def serve_and_stop(self):
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        return server.address

    def test_a_wrong_token_is_refused_in_one_line(self):
        tokens = os.path.join(self.directory, "tokens")
        with open(tokens, "w") as file:
            file.write("right\n")
        server = self.serve("--tokens", tokens)
        for command in (["sub", "t"], ["pub", "t", "m"], ["who", "t"], ["ping"]):
            done = self.ask(*command, "--connect", server.address, "--token", "wrong")
            self.assertEqual(done.returncode, 1, command)
            self.assert_one_line(done.stderr, "refuses: bad_token")
            self.assertEqual(done.stdout, "")
        for how in ({"KODAMA_TOKEN": "right"}, {"KODAMA_TOKEN": "wrong"}):
            flags = [] if how["KODAMA_TOKEN"] == "right" else ["--token", "right"]
            done = self.ask("pub", "--connect", server.address, *flags, "t", "m", environment=how)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_token_that_is_too_long_is_refused_at_once(self):
        tokens = os.path.join(self.directory, "tokens")
        for command in (["sub", "t"], ["pub", "t", "m"], ["who", "t"], ["ping"], ["bench", "pairs"]):
            done = self.ask(*command, "--connect", "127.0.0.1:1", environment={"KODAMA_TOKEN": "x" * 5000})
            self.assertEqual(done.returncode, 1, command)
            self.assert_one_line(done.stderr, r"has 5000 bytes; the protocol has room for \d+$")
        longest = "x" * int(done.stderr.split()[-1])
        with open(tokens, "w") as file:
            file.write(longest + "\n")
        server = self.serve("--tokens", tokens)
        self.publish(server.address, "--token", longest, "t", "m")
        done = self.ask("pub", "--connect", server.address, "--token", longest + "x", "t", "m")
        self.assertEqual(done.returncode, 1)

    def test_what_can_never_be_sent_is_refused_at_once(self):
        server = self.serve()
        for command in (["sub", "a#"], ["pub", "", "m"], ["who", "$x"]):
            done = self.ask(*command, "--connect", server.address)
            self.assertEqual(done.returncode, 1, command)
            self.assert_one_line(done.stderr, "invalid_topic")
        done = self.ask("pub", "--connect", server.address, "bad/#", "-")  # of nothing at all
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, "bad/#: invalid_topic")
        for command in (["pub", "--type", "0x7fff", "t", "m"], ["sub"], ["ping", "--count", "0"], ["sub", "--count", "0", "t"],
                        ["sub", "--format", "xml", "t"], ["who", "--connect", "localhost", "t"]):
            done = self.ask(*command)
            self.assertEqual(done.returncode, 2, command)
            self.assert_one_line(done.stderr, "kodama: ")

    def test_what_is_out_of_a_range_is_told_the_range(self):
        for command, said in (
            (["serve", "--threads", "x"], '--threads: "x" is not a number; expected 1 to 256'),
            (["serve", "--threads", "257"], '--threads: "257" is out of range; expected 1 to 256'),
            (["serve", "--resume-window", "501h"],
             '--resume-window: "501h" is out of range; expected 1ms to 500h'),
            (["sub", "--count", "-1", "t"], '--count: "-1" is not a number; expected 1 or more,'),
            (["ping", "--count", "-1"], '--count: "-1" is not a number; expected 1 to 1000000'),
        ):
            done = self.ask(*command)
            self.assertEqual(done.returncode, 2, command)
            self.assert_one_line(done.stderr, "kodama: " + said)

    def test_a_variable_that_is_not_set_opens_no_server(self):
        for flag in ("--config", "--tokens", "--passwords", "--certificate", "--key"):
            done = self.ask("serve", "--listen", "127.0.0.1:0", flag, "")
            self.assertEqual(done.returncode, 2, flag)
            self.assert_one_line(done.stderr, f'kodama: {flag}: "" names no file; is a variable')
        for command in (["check-config", ""], ["passwd", "", "ann"]):
            done = self.ask(*command)
            self.assertEqual(done.returncode, 2, command)
            self.assert_one_line(done.stderr, '"" names no file; is a variable')

    def test_a_word_that_is_no_subcommand_is_named(self):
        for command, said in (
            (["frob"], '"frob" is no subcommand; `kodama --help` lists them'),
            (["--nope"], '"--nope" is no flag; `kodama --help` lists them'),
            ([], "a subcommand is required; `kodama --help` lists them"),
            (["bench", "frob"], '"frob" is no subcommand; `kodama bench --help` lists them'),
        ):
            done = self.ask(*command)
            self.assertEqual(done.returncode, 2, command)
            self.assertEqual(done.stderr, f"kodama: {said}\n")

    def test_help_that_finds_no_room_is_no_success(self):
        for command in (["--help"], ["sub", "--help"], ["--version"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([harness.KODAMA, *command], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=harness.PATIENCE)
            self.assertEqual(done.returncode, 2, command)
            self.assert_one_line(done.stderr, f"^kodama: {command[-1]}: cannot write to standard output: No")

    def test_what_is_told_of_stays_one_line(self):
        for command in ("sub", "pub", "who"):
            done = self.ask(command, "--connect", "127.0.0.1:1", "a\x1b[2J\nkodama: forged")
            self.assert_one_line(done.stderr, r"a\\x1b\[2J\\x0akodama: forged: invalid_topic")

    def test_a_filter_that_is_none_is_refused_at_once(self):
        for command in (("sub", "a+"), ("sub", "a/#/b"), ("sub", "$SYS/#"), ("pub", "a/+", "x"),
                        ("who", "#")):
            done = self.ask(command[0], "--connect", "127.0.0.1:1", *command[1:])
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, "invalid_topic" if command[0] == "sub" else
                                 "invalid_topic; that is a filter, name one topic")
        done = self.ask("sub", "--connect", "127.0.0.1:1", "--watch", "a/+")
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, "can't be watched")

    def test_a_line_that_is_too_long_is_named(self):
        server = self.serve()
        done = subprocess.run(
            [harness.KODAMA, "pub", "--connect", server.address, "t"],
            input="short\n" + "x" * 100_000 + "\n",
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, r"line 2: message_too_long; with its topic it has \d+ bytes, "
                             "and message_size_max is 65536; 1 of 1 messages confirmed")

    def test_what_stands_before_a_line_that_is_refused_is_delivered(self):
        server = self.serve()
        for flags in ([], ["--unreliable", "--no-udp"]):
            sub = self.subscribe(server.address, "--count", 1000, "t")
            done = subprocess.run(
                [harness.KODAMA, "pub", "--connect", server.address, *flags, "t"],
                input=harness.numbers(1000) + "x" * 100_000 + "\nnever\n",
                capture_output=True,
                text=True,
            )
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, "line 1001: message_too_long")
            self.assertEqual(sub.wait(), 0, sub.stderr())
            self.assertEqual(sub.stdout(), harness.numbers(1000))

    def test_a_server_that_takes_longer_messages_is_sent_them(self):
        config = '[limits]\nmessage_size_max = "256KiB"\n'
        server = self.serve(config=config)
        self.publish(server.address, "t", "x" * 100_000)

    def test_what_an_account_may_not_is_told_in_the_servers_words(self):
        server = self.serve(config="""
            [plans.tiny]
            messages_per_month = 5
            message_size_max = "1KiB"
            [users.ann]
            plan = "tiny"
            tokens = ["ann's"]
            publish = ["ann/#"]
            subscribe = ["ann/#"]
            """)
        for topic, message, said in (
            ("bob", "one", "not_authorized: this account may not publish to bob; 1 of 1 messages"),
            ("ann/x", "x" * 2000, "message_size_max of plan tiny is 1024 bytes, this message has 2000"),
            ("ann/x", harness.numbers(9), "quota_exceeded: messages_per_month of plan tiny is 5"),
        ):
            done = subprocess.run(
                [harness.KODAMA, "pub", "--connect", server.address, "--token", "ann's", topic, "-"],
                input=message,
                capture_output=True,
                text=True,
            )
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, said)
        for command in ("sub", "who"):
            done = subprocess.run(
                [harness.KODAMA, command, "--connect", server.address, "--token", "ann's", "bob"],
                capture_output=True, text=True, timeout=harness.PATIENCE)
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, "bob: not_authorized: this account may not")

    def test_each_help_has_an_example(self):
        for command in ("sub", "pub", "who", "ping"):
            done = self.ask(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, rf"Examples?:\n(?s:.*)  .*kodama {command}")


class Passwords(Case):
    def setUp(self):
        super().setUp()
        self.users = os.path.join(self.directory, "users.txt")

    def passwd(self, name, password=b"secret\n"):
        return subprocess.run([harness.KODAMA, "passwd", self.users, name], input=password, timeout=60)

    def lines(self):
        with open(self.users) as file:
            return file.read().splitlines()

    def test_many_at_once_lose_nobody(self):
        all_at_once = [
            subprocess.Popen([harness.KODAMA, "passwd", self.users, f"user{i}"], stdin=subprocess.PIPE)
            for i in range(8)
        ]
        for each in all_at_once:
            each.stdin.write(b"secret\n")
            each.stdin.close()
        self.assertEqual([each.wait(60) for each in all_at_once], [0] * 8)
        self.assertEqual(sorted(line.split(":")[0] for line in self.lines()),
                         [f"user{i}" for i in range(8)])

    def test_comments_stay(self):
        with open(self.users, "w") as file:
            file.write("# who may come in\n\n")
        self.assertEqual(self.passwd("ann").returncode, 0)
        self.assertEqual(self.lines()[:2], ["# who may come in", ""])
        self.assertRegex(self.lines()[2], "^ann:")

    def test_a_carriage_return_is_no_part_of_a_password(self):
        self.assertEqual(self.passwd("ann", b"secret\r\n").returncode, 0)
        server = self.serve("--passwords", self.users)
        self.publish(server.address, "--token", "ann:secret", "t", "m")

    def test_what_is_no_file_stays_what_it_is(self):
        os.mkfifo(self.users)
        link = os.path.join(self.directory, "link")
        os.symlink(self.users, link)
        for path in (self.users, link, self.directory):
            for flags in ([], ["--delete"]):
                done = self.ask("passwd", *flags, path, "ann")
                self.assertEqual(done.returncode, 1)
                self.assert_one_line(done.stderr, f"^kodama: passwd: {path}: is not a regular file$")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.users).st_mode))

    def test_a_link_to_a_file_stays_one(self):
        file = os.path.join(self.directory, "file")
        open(file, "w").close()
        os.symlink(file, self.users)
        self.assertEqual(self.passwd("ann").returncode, 0)
        self.assertTrue(os.path.islink(self.users))
        self.assertRegex(self.lines()[0], "^ann:")

    def test_an_interrupted_question_leaves_the_terminal_as_it_was(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            master, terminal = pty.openpty()
            self.addCleanup(os.close, master)
            asked = subprocess.Popen([harness.KODAMA, "passwd", self.users, "ann"], stdin=terminal,
                                     stdout=terminal, stderr=terminal)
            self.addCleanup(asked.kill)
            self.wait_for(lambda: not self.echoes(terminal))
            asked.send_signal(how)
            self.assertEqual(asked.wait(60), -how)
            self.assertTrue(self.echoes(terminal))
            os.close(terminal)

    @staticmethod
    def echoes(terminal):
        return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


class Bench(harness.Case):
    QUICK = ["bench", "pairs", "--pairs", 1, "--seconds", "0.05", "--warmup", "0"]

    def test_what_cannot_be_measured_is_refused(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        for flags, code, said in (
            (["--connect", "127.0.0.1:1", "--pid", gone.pid], 1, f"no process {gone.pid}"),
            (["--pid", os.getpid()], 1, "--pid is for a server of --connect"),
            (["--seconds", "0"], 2, "--seconds: \"0\" is too short"),
        ):
            done = self.ask(*self.QUICK[:4], *flags)
            self.assertEqual(done.returncode, code)
            self.assert_one_line(done.stderr, said)

    def test_a_result_that_finds_no_room_is_no_success(self):
        with open("/dev/full", "w") as full:
            bench = subprocess.run([harness.KODAMA, *map(str, self.QUICK)], stdout=full,
                                   stderr=subprocess.PIPE, text=True, timeout=harness.PATIENCE)
        self.assertEqual(bench.returncode, 2)
        self.assert_one_line(bench.stderr, "cannot write to standard output: No space left")


class Log(Case):
    def test_a_log_that_nobody_reads_keeps_the_server_from_nothing(self):
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            while os.write(write_end, b"x" * 4096):
                pass
        except BlockingIOError:
            os.set_blocking(write_end, True)
        server = self.start("serve", "--listen", "127.0.0.1:0", "--log-level", "debug",
                            errors=write_end)
        os.close(write_end)
        address = server.until(r"kodama: ready native=(\S+)")[1]
        sub = self.subscribe(address, "--count", 1, "t")
        self.publish(address, "t", "heard")
        self.assertEqual(sub.wait(), 0)
        os.set_blocking(read_end, False)
        said = b""
        deadline = time.monotonic() + harness.PATIENCE
        while not re.search(rb"\[kodama\] \d+ lines of the log lost: .*\n\[.*client \d+: ", said):
            self.assertLess(time.monotonic(), deadline, said[-1000:])
            while select.select([read_end], [], [], 0)[0]:
                said += os.read(read_end, 65536)
            self.publish(address, "t", "again")  # whose session is told of
        os.close(read_end)
        server.process.terminate()
        self.assertEqual(server.wait(), 0)


class Ends(Case):
    def test_a_server_that_is_told_to_end_tells_its_clients(self):
        server = self.serve()
        sub = self.subscribe(server.address, "t")
        self.publish(server.address, "t", "one")
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - started, 5)
        sub.until("session lost: going_away")
        sub.until("t: messages after 1 may be missing")
        self.assertEqual(sub.stop(), 0)

    def receive_over_a_restart(self, filter, topic, *told):
        """Counts to 2 with a gap in between; `told` is what is said of the gap."""
        server = self.serve()
        sub = self.subscribe(server.address, "--count", 2, filter)
        self.publish(server.address, topic, "one")
        sub.until("one\n")
        server.stop()
        for each in ("session lost", *told):
            sub.until(each)
        again = self.start("serve", "--listen", server.address)
        again.until("ready")
        sub.until("subscribed to t", times=2)
        self.publish(server.address, topic, "two")
        self.assertEqual(sub.wait(), 3)

    def test_a_count_with_a_gap_in_it_is_told_apart(self):
        self.receive_over_a_restart("t", "t")

    def test_a_gap_by_a_filter_is_named(self):
        self.receive_over_a_restart("t/+", "t/a", r"t/\+: messages may be missing",
                                    "t/a: messages after 1 may be missing")

    def test_an_interrupted_question_is_no_success(self):
        server = self.serve()
        server.process.send_signal(signal.SIGSTOP)
        try:
            for command in (["ping"], ["who", "t"], ["pub", "t", "m"]):
                asked = self.start(*command, "--connect", server.address)
                self.wait_for(lambda: self.handles(asked.process.pid, signal.SIGTERM))
                self.assertEqual(asked.stop(), 1)
                self.assert_one_line(asked.stderr(), "interrupted.*no connection to")
        finally:
            server.process.send_signal(signal.SIGCONT)

    @staticmethod
    def handles(process, which):
        with open(f"/proc/{process}/status") as file:
            caught = next(line for line in file if line.startswith("SigCgt:"))
        return int(caught.split()[1], 16) >> (which - 1) & 1

    def test_an_interrupted_ping_tells_what_it_has_found(self):
        server = self.serve()
        # So long together as no clock counts.
        ping = self.start("ping", "--connect", server.address, "--count", 1_000_000, "--interval", "3h")
        ping.until(f"{server.address}: [0-9.]+ ms")
        self.assertEqual(ping.stop(signal.SIGINT), 0, ping.stderr())
        self.assertRegex(ping.stdout(), "round trip: least .*\n")

        def told_as_json(patience):
            ping = self.start("ping", "--connect", server.address, "--verbose", "--count", 2,
                              "--interval", "1h", "--format", "json")
            ping.until("connected to")
            time.sleep(patience)
            return ping.lines()[0] if ping.stop() == 0 else None

        told = self.with_growing_patience(told_as_json)
        self.assertEqual((len(told["round_trips_ms"]), told["time_offset_ms"]), (1, None))

    def test_pub_that_is_interrupted_says_that_all_is_confirmed(self):
        server = self.serve()

        def said(patience):
            pub = self.start("pub", "--connect", server.address, "t", stdin=subprocess.PIPE)
            self.addCleanup(pub.process.stdin.close)
            pub.process.stdin.write(b"one\n")
            pub.process.stdin.flush()
            time.sleep(patience)
            pub.stop()
            confirmed = "interrupted; 1 of 1 messages confirmed" in pub.stderr()
            return (pub.wait(), pub.stderr()) if confirmed else None

        self.assertEqual(self.with_growing_patience(said)[0], 1)

    def with_growing_patience(self, attempt):
        """For what nothing tells of: tries until there is a result."""
        for i in range(10):
            if found := attempt(0.02 * 2**i):
                return found
        raise AssertionError("it never came about")

    def test_without_a_guarantee_the_timeout_holds_as_well(self):
        server = self.serve()
        pub = self.start("pub", "--connect", server.address, "--verbose", "--unreliable", "--timeout",
                         "500ms", "t", stdin=subprocess.PIPE)
        pub.until("connected to")
        server.process.send_signal(signal.SIGSTOP)
        try:
            pub.process.stdin.write(b"one\ntwo\n")
            pub.process.stdin.close()
            self.assertEqual(pub.wait(5), 1)
        finally:
            server.process.send_signal(signal.SIGCONT)
        self.assertRegex(pub.stderr(), "no answer within 500 ms; 2 messages sent, of the last 2 nobody knows")

    def test_a_publisher_says_how_much_is_in_doubt(self):
        server = self.serve()
        pub = self.start("pub", "--connect", server.address, "--verbose", "t", stdin=subprocess.PIPE)
        pub.process.stdin.write(b"one\n")
        pub.process.stdin.flush()
        pub.until("connected to")
        server.process.send_signal(signal.SIGSTOP)
        try:
            pub.process.stdin.write(b"two\nthree\n")
            pub.process.stdin.close()
            self.assertEqual(pub.stop(), 1)
        finally:
            server.process.send_signal(signal.SIGCONT)
        self.assertRegex(pub.stderr(), r"interrupted; [23] of [123] messages unconfirmed\n$")


if __name__ == "__main__":
    harness.main()
