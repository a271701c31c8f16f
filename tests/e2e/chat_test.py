#!/usr/bin/env python3
"""The example of the client library, kodama_chat, in the hands of its users; and its walk-through."""

import pathlib
import re
import signal
import subprocess
import unittest

import harness

ROOT = pathlib.Path(__file__).parents[2]


def binary():
    """Built beside kodama."""
    return str(pathlib.Path(harness.KODAMA).with_name("kodama_chat"))


class User(harness.Program):
    def __init__(self, directory, name, *arguments, **options):
        super().__init__(directory, name, *arguments, stdin=subprocess.PIPE, binary=binary(), **options)
        self.name = name

    def type(self, *lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def sees(self, line, times=1):
        self.until(rf"(?m)^{re.escape(line)}$", times)

    def seen(self):
        return self.stdout().splitlines()

    def heard(self, speaker):
        return [line.split(": ", 1)[1] for line in self.seen() if line.startswith(f"{speaker}: ")]

    def close(self):
        self.process.stdin.close()
        super().close()


class Case(harness.Case):
    def enter(self, name, address, **options):
        """A user who is in the lobby."""
        user = self.keep(User(self.directory, name, address, **options))
        user.sees("* you are in lobby")
        return user


class Chat(Case):
    def setUp(self):
        super().setUp()
        self.address = self.serve().address
        self.alice = self.enter("alice", self.address)
        self.bob = self.enter("bob", self.address)
        self.alice.sees("* bob came in")
        self.bob.sees("* alice is here")

    def test_everybody_sees_the_same_words_once_and_in_order(self):
        carol = self.enter("carol", self.address)
        words = [f"word {i}" for i in range(200)]
        self.alice.type(*words)
        for user in (self.alice, self.bob, carol):
            user.sees("alice: word 199")
            self.assertEqual(user.heard("alice"), words)
        self.bob.type("answered")
        for user in (self.alice, self.bob, carol):
            user.sees("bob: answered")
            self.assertEqual(user.heard("bob"), ["answered"])

    def test_who_names_everybody_in_the_room(self):
        for user in (self.alice, self.bob):
            user.type("/who")
            user.sees("* here: alice bob")

    def test_who_leaves_is_told_however_he_leaves(self):
        carol, dave = (self.enter(name, self.address) for name in ("carol", "dave"))
        for name in ("carol", "dave"):
            self.bob.sees(f"* {name} came in")
        self.alice.type("/quit")
        carol.end_input()
        dave.process.send_signal(signal.SIGINT)
        for user in (self.alice, carol, dave):
            self.assertEqual(user.wait(), 0, user.stdout())
            self.bob.sees(f"* {user.name} left")

    def test_rooms_do_not_hear_each_other(self):
        self.bob.type("/join cellar", "anybody?", "/who")
        self.alice.sees("* bob left")
        self.bob.sees("* you left lobby")
        self.bob.sees("* you are in cellar")
        self.bob.sees("bob: anybody?")
        self.bob.sees("* here: bob")
        self.alice.type("not for bob")
        self.alice.sees("alice: not for bob")
        self.bob.type("/leave", "to nobody", "/join lobby", "again")
        self.bob.sees("* you are in no room; /join ROOM")
        self.alice.sees("bob: again")
        self.alice.sees("* bob came in", times=2)
        self.assertEqual(self.alice.heard("bob"), ["again"])
        self.assertEqual(self.bob.heard("alice"), [])

    def test_waves_arrive_where_the_network_is_good(self):
        # Each by itself may get lost even there.
        for attempt in range(100):
            self.bob.type("/wave", f"seen? {attempt}")
            self.alice.sees(f"bob: seen? {attempt}")
            if "* bob waves" in self.alice.seen():
                return
        self.fail("nobody saw 100 waves")

    def test_what_is_typed_wrongly_is_told_and_changes_nothing(self):
        self.bob.type("/join #", "/dance", "", "still here")
        self.bob.sees("* no room can have that name: invalid_topic")
        self.bob.sees("* there are /join ROOM, /leave, /who, /wave and /quit")
        self.alice.sees("bob: still here")
        self.assertNotIn("* bob left", self.alice.seen())

    def test_terminals_are_not_at_the_mercy_of_others(self):
        self.bob.type("\x1b[2Jgone\x07")
        self.alice.sees("bob: ?[2Jgone?")

    def test_a_file_is_said_to_its_end(self):
        script = pathlib.Path(self.directory) / "script"
        script.write_text("one\ntwo\nthe last one is not ended")
        with open(script) as file:
            done = subprocess.run([binary(), "carol", self.address], stdin=file,
                                  capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.alice.sees("* carol left")
        self.assertEqual(self.alice.heard("carol"), ["one", "two", "the last one is not ended"])


class BadNetwork(Case):
    def test_a_conversation_over_cut_connections_loses_and_repeats_nothing(self):
        server = self.serve()
        faults = ("--cut-every", "200ms")
        alice = self.enter("alice", self.flaky(server, "127.0.0.2", "--seed", 1, *faults))
        bob = self.enter("bob", self.flaky(server, "127.0.0.3", "--seed", 2, *faults))
        alice.sees("* bob came in")
        spoken = 0
        back_again = "* back again, nothing was missed"
        while min(user.seen().count(back_again) for user in (alice, bob)) < 3:
            alice.type(f"call {spoken}")
            bob.sees(f"alice: call {spoken}")
            bob.type(f"echo {spoken}")
            alice.sees(f"bob: echo {spoken}")
            spoken += 1
        for user in (alice, bob):
            self.assertNotRegex(user.stdout(), r" left\n|session is lost")
        for user in (alice, bob):
            user.end_input()
            self.assertEqual(user.wait(), 0, user.stdout())
        self.assertEqual(alice.heard("bob"), [f"echo {i}" for i in range(spoken)])
        self.assertEqual(bob.heard("alice"), [f"call {i}" for i in range(spoken)])
        # What one said himself was shown because it was acknowledged.
        self.assertEqual(alice.heard("alice"), bob.heard("alice"))
        self.assertEqual(bob.heard("bob"), alice.heard("bob"))

    def test_a_lost_session_is_told_with_what_is_in_doubt(self):
        server = self.serve("--resume-window", "100ms")
        host = "127.0.0.2"
        bridge = self.start("flaky", "--listen", f"{host}:{server.port}", "--to", server.address)
        bridge.until("flaky ready")
        alice = self.enter("alice", server.address)
        bob = self.enter("bob", f"{host}:{server.port}")
        alice.sees("* bob came in")
        bridge.stop()
        bob.until(r"\* no connection \(.*\), trying again\n")
        bob.type("is anybody there?")
        alice.sees("* bob left")
        alice.type("he can't hear me")
        alice.sees("alice: he can't hear me")
        self.flaky(server, host)
        bob.sees("* not confirmed, it may have been heard or not: is anybody there?")
        bob.sees("* the session is lost (session_unknown)")
        bob.sees("* something may be missing here in lobby")
        # The room goes on, with a new number for bob and the old names.
        alice.sees("* bob came in", times=2)
        bob.sees("* alice is here", times=2)
        bob.type("once more")
        alice.sees("bob: once more")
        self.assertEqual(alice.heard("bob"), ["once more"])
        self.assertEqual(bob.heard("alice"), [])
        bob.type("/quit")
        self.assertEqual(bob.wait(), 1, "something is not confirmed")


class Usage(Case):
    def run_chat(self, *arguments, **options):
        return subprocess.run([binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=harness.PATIENCE, **options)

    def test_help_says_what_it_obeys_to(self):
        done = self.run_chat("--help")
        self.assertEqual(done.returncode, 0)
        for command in ("/join ROOM", "/leave", "/who", "/wave", "/quit", "KODAMA_TOKEN"):
            self.assertIn(command, done.stdout)

    def test_wrong_usage_is_told(self):
        for arguments in ([], ["--nonsense"], ["a", "b", "c"], [""]):
            done = self.run_chat(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("Usage: kodama_chat NAME", done.stderr)

    def test_a_token_comes_from_the_environment(self):
        tokens = pathlib.Path(self.directory) / "tokens"
        tokens.write_text("right\n")
        server = self.serve("--tokens", tokens)
        self.enter("alice", server.address, environment={"KODAMA_TOKEN": "right"})
        mallory = self.keep(User(self.directory, "mallory", server.address,
                                 environment={"KODAMA_TOKEN": "wrong"}))
        self.assertEqual(mallory.wait(), 1)
        self.assertIn("* the server refuses: bad_token", mallory.stdout())


class WalkThrough(unittest.TestCase):
    def test_every_line_of_code_it_shows_is_in_the_program(self):
        """Excerpts may be indented otherwise and leave lines out, but keep the order."""
        program = [line.strip() for line in
                   (ROOT / "client" / "examples" / "chat.cpp").read_text().splitlines()]
        text = (ROOT / "docs" / "chat.md").read_text()
        excerpts = re.findall(r"```cpp\n(.*?)```", text, re.DOTALL)
        self.assertGreater(len(excerpts), 5)
        for excerpt in excerpts:
            at = 0
            for line in filter(None, map(str.strip, excerpt.splitlines())):
                if line == "…":
                    continue
                self.assertIn(line, program[at:], excerpt)
                at = program.index(line, at) + 1


if __name__ == "__main__":
    harness.main()
