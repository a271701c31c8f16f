#!/usr/bin/env python3
"""sim, shrink and replay: from a red number to a small file, as people go."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time
import unittest

import harness


class Campaigns(harness.Case):
    def sim(self, *arguments, status=0):
        done = self.ask("sim", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def json(self, *arguments, status=0):
        return json.loads(self.sim("--json", *arguments, status=status).stdout)

    def path(self, name):
        return os.path.join(self.directory, name)

    def test_every_seed_runs_twice_the_same_way(self):
        told = self.json("--seeds", "1-15", "--check-determinism")
        self.assertEqual(told["seeds"], 15)
        self.assertTrue(told["passed"])
        self.assertEqual(told["findings"], [])

    def test_the_hash_does_not_depend_on_how_many_processes_ran(self):
        hashes = {self.json("--seeds", "1-20", "--jobs", jobs)["trace_hash"] for jobs in (1, 2, 5)}
        self.assertEqual(len(hashes), 1)

    def test_a_canary_proves_that_the_campaign_sees(self):
        told = self.json("--seeds", "1-5", "--canary")
        self.assertTrue(told["canary"]["caught"])
        self.assertLessEqual(told["canary"]["seeds"], 20)
        self.assertNotIn("canary", self.json("--seeds", "1-5"))
        self.assertIn("canary", self.sim("--seeds", "1-1001", "--for", "1ms").stdout)

    def test_a_campaign_goes_on_where_it_was_interrupted(self):
        file = self.path("state")
        whole = self.json("--seeds", "1-20")
        told = self.json("--seeds", "1-20", "--resume", file, "--jobs", 1, "--for", "1ms")
        self.assertLess(told["seeds"], 20)
        sim = self.start("sim", "--seeds", "1-20", "--resume", file, "--jobs", 1)
        self.assertIn(sim.stop(signal.SIGINT), (0, -signal.SIGINT))  # before it listens, or after
        again = self.json("--resume", file)
        self.assertEqual(again["seeds"], 20)
        for what in ("trace_hash", "exercised", "faults", "events"):
            self.assertEqual(again[what], whole[what])

    # Without a free descriptor UndefinedBehaviorSanitizer cannot look at memory, and says that there
    # is no object. `./dev test` runs this file with the release build too.
    @unittest.skipIf("KODAMA_SANITIZED" in os.environ, "the sanitizer needs descriptors of its own")
    def test_without_room_for_its_processes_it_says_so_and_loses_nothing(self):
        file = self.path("state")
        done = subprocess.run(
            ["bash", "-c", 'ulimit -n 40; exec "$0" "$@"', harness.KODAMA, "sim", "--seeds",
             "1-300", "--jobs", "100", "--resume", file], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("cannot run 100 processes at once (--jobs): ", done.stderr)
        self.assertIn("ulimit -n", done.stderr)
        again = self.json("--resume", file)
        self.assertEqual(again["seeds"], 300)
        self.assertEqual(again["trace_hash"], self.json("--seeds", "1-300")["trace_hash"])

    def test_a_signal_to_the_whole_group_is_no_crash(self):
        file = self.path("state")
        self.sim("--seeds", "1-900", "--resume", file, "--jobs", 1, "--for", "1ms")
        saved = os.stat(file).st_mtime_ns
        sim = subprocess.Popen(
            [harness.KODAMA, "sim", "--seeds", "1-900", "--resume", file, "--jobs", "2"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + harness.PATIENCE
            while os.stat(file).st_mtime_ns == saved and time.monotonic() < deadline:
                time.sleep(0.01)  # it listens once it has saved where it begins
            sim.send_signal(signal.SIGTERM)  # both at once, as timeout does
            os.killpg(sim.pid, signal.SIGTERM)
            said = sim.communicate(timeout=harness.PATIENCE)[0]
        finally:
            sim.kill()
            sim.wait()
        self.assertEqual(sim.returncode, 0, said)
        self.assertIn("; interrupted", said)

    def test_the_first_seed_may_be_0(self):
        self.assertIn("passed: 0 of 4 seeds failed", self.sim("--seeds", "0-3").stdout)
        self.assertEqual(self.json("--seeds", "0")["seeds"], 1)

    def test_a_campaign_ends_after_its_time(self):
        told = self.json("--for", "300ms")
        self.assertGreater(told["seeds"], 0)

    def with_findings(self, *findings):
        """A campaign that has nothing to run any more, and these findings."""
        file = pathlib.Path(self.path("found"))
        text = "kodama campaign 1\nrange 1-20\nnext 21\nseeds 20\n"
        for seed, promise, what in findings:
            text += f"finding 1 {promise}: {what}\nfailed {seed} {promise} {what}\n"
        file.write_text(text)
        return file

    def test_a_campaign_that_has_failed_goes_no_further_until_told_to(self):
        found = self.with_findings((3, "liveness", "late"))
        for _ in range(2):
            told = self.json("--until-failure", "--resume", found, status=1)
            self.assertEqual(told["seeds"], 20)
        told = self.json("--until-failure", "--seeds", "1-20", "--resume", found, status=1)
        self.assertEqual((told["seeds"], told["last"]), (20, 20))
        told = self.json("--seeds", "1-22", "--resume", found, status=1)
        self.assertEqual((told["seeds"], told["last"]), (22, 22))

    def test_a_place_that_cannot_be_written_is_told_before_the_first_seed(self):
        pathlib.Path(self.path("file")).write_text("")
        for arguments, said in (
            (["--keep", "/proc/nope"], "cannot make the directory /proc/nope: "),
            (["--keep", self.path("file")], "cannot make the directory .*file: Not a directory"),
            (["--emit-test", "/proc/nope/"], "cannot make the directory /proc/nope/: "),
            (["--emit-test", "/proc/nope"], "cannot write /proc/nope: "),
        ):
            done = self.sim("--seeds", "1-2", *arguments, status=2)
            self.assert_one_line(done.stderr, said)
            self.assertEqual(done.stdout, "")

    def test_what_cannot_be_kept_does_not_cost_the_report(self):
        found = self.with_findings((3, "liveness", "all is late"), (5, "mqtt", "all is lost"))
        os.makedirs(self.path("kept/liveness-3.scenario"))
        flags = ["--resume", found, "--keep", self.path("kept"), "--no-shrink"]
        done = self.sim(*flags, status=2)
        self.assert_one_line(done.stderr, "cannot write .*/liveness-3.scenario: Is a directory")
        self.assertIn("FAILED: 2 of 20 seeds failed", done.stdout)
        self.assertIn("shrink    kodama shrink 3 -o small.scenario", done.stdout)
        self.assertEqual(self.json(*flags, status=2)["failed"], 2)

    def test_the_json_of_a_path_of_any_bytes_is_utf8(self):
        found = self.with_findings((3, "liveness", "late"))
        kept = os.fsdecode(os.fsencode(self.directory) + b"/k\xff\xc3\xa9")
        told = self.json("--resume", found, "--keep", kept, "--no-shrink", status=1)
        self.assertEqual(
            told["findings"][0]["scenario"], self.path("k\ufffd\u00e9/liveness-3.scenario")
        )

    def test_a_full_standard_output_is_told(self):
        for arguments in (
            ["sim", "--seeds", "1-2"],
            ["sim", "--seeds", "1-2", "--json"],
            ["replay", "1"],
            ["replay", "1", "--hash"],
            ["replay", "1", "--scenario"],
        ):
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [harness.KODAMA, *arguments], stdout=full, stderr=subprocess.PIPE, text=True
                )
            self.assertEqual(done.returncode, 2)
            self.assert_one_line(done.stderr, f"kodama: {arguments[0]}: cannot write to standard output")

    def test_wrong_usage_is_told_in_one_line(self):
        other = self.path("other")
        self.sim("--seeds", "1-2", "--resume", other)
        pathlib.Path(self.path("nonsense")).write_text("nonsense\n")
        hollow = self.with_findings((3, "liveness", "late"))
        hollow.write_text(hollow.read_text().split("failed")[0])
        for arguments, said in (
            (["--seeds", "9-1"], "is not a range of seeds"),
            (["--profile", "wild"], "expected none, lossy, mobile, hostile or swarm"),
            (["--for", "5"], "--for"),
            (["--jobs", "4294967296"], "--jobs: .* expected 1 to 1024"),
            (["--resume", other, "--profile", "none"], "other seeds or options"),
            (["--resume", other, "--without", "jitter"], "other seeds or options"),
            (["--without", "udp_los"], "is no kind of fault; expected of latency, jitter,"),
            (["--schedule", "pct"], "expected uniform or priorities"),
            (["--resume", self.path("nonsense")], "is not a campaign to go on with: line 1: expected"),
            (["--resume", self.directory], "--resume: .* cannot be read"),
            (["--resume", other, "--seeds", "1-1"], "has come to seed 2, beyond --seeds"),
            (["--no-shrink", "--emit-test", self.path("x.cpp")], "--emit-test excludes --no-shrink"),
            (["--until-failure", "--stop-after", 3], "excludes"),
            (["--resume", hollow], "line 5: expected `finding COUNT SHAPE`, then"),
            (["--seeds", "1", "--resume", "/nowhere/state"], "cannot write /nowhere/state"),
        ):
            done = self.sim(*arguments, status=2)
            self.assert_one_line(done.stderr, said)

    def test_each_help_has_an_example(self):
        for command in ("sim", "shrink", "replay"):
            done = self.ask(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, rf"Examples?:\n(?s:.*)  kodama {command}")


class Shrinking(harness.Case):
    """With a canary: the one failure that is always at hand."""

    def setUp(self):
        super().setUp()
        self.file = os.path.join(self.directory, "failing.scenario")
        self.small = os.path.join(self.directory, "small.scenario")
        self.test = os.path.join(self.directory, "small_test.cpp")
        for seed in range(1, 50):
            text = self.ask("replay", seed, "--scenario").stdout
            pathlib.Path(self.file).write_text(text + "canary 1\n")
            done = self.ask("replay", self.file)
            if done.returncode == 1:
                self.promise = re.search(r"\*\*\* (\S+) is broken", done.stdout)[1]
                return
        self.fail("no canary was caught")

    def test_a_canary_shrinks_to_a_handful_of_lines(self):
        done = self.ask("shrink", self.file, "-o", self.small, "--emit-test", self.test)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("replay it: kodama replay", done.stderr)
        text = pathlib.Path(self.small).read_text()
        self.assertIn(f"# {self.promise}: ", text)
        self.assertLessEqual(len(re.findall("^do ", text, re.M)), 20, text)
        self.assertLessEqual(len(re.findall("^(strike|chance) ", text, re.M)), 3, text)
        replayed = self.ask("replay", self.small)
        self.assertEqual(replayed.returncode, 1)
        self.assertRegex(replayed.stdout, rf"\*\*\* {self.promise} is broken")
        test = pathlib.Path(self.test).read_text()
        self.assertIn(text, test)
        self.assertRegex(test, r"TEST\(\w+, HoldsIn\w+\)")

    def test_an_interrupted_shrink_writes_its_best(self):
        shrink = self.start("shrink", self.file, "-o", self.small, "--jobs", 1)
        shrink.until("shrinking")
        self.assertEqual(shrink.stop(signal.SIGINT), 0, shrink.stderr())
        self.assertEqual(self.ask("replay", self.small).returncode, 1)

    def test_what_does_not_fail_is_not_shrunk(self):
        done = self.ask("shrink", 1, "-o", self.small)
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, "seed 1 keeps every promise")
        self.assertFalse(os.path.exists(self.small))

    def test_what_a_replay_would_not_do_is_refused(self):
        page = os.path.join(self.directory, "page.html")
        for arguments, said in (
            ([1, "--hash", "--html", page], "excludes"),
            ([1, "--scenario", "--html", page], "excludes"),
            ([1, "--scenario", "--hash"], "excludes"),
            ([1, "--hash", "--around", "server"], "excludes"),
            ([1, "--hash", "--verbose"], "excludes"),
            ([self.file, "--profile", "lossy"], "--profile: .*failing.scenario has its own faults"),
        ):
            done = self.ask("replay", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assert_one_line(done.stderr, said)

    def test_printed_commands_are_for_a_shell(self):
        file = os.path.join(self.directory, "what I'd keep.scenario")
        os.rename(self.file, file)
        told = self.ask("replay", file, "--without", "jitter").stdout.splitlines()[0]
        command = shlex.split(told.rsplit(": ", 1)[0])
        self.assertEqual(command, ["kodama", "replay", file, "--without", "jitter"])
        small = os.path.join(self.directory, "small one.scenario")
        done = self.ask("shrink", file, "-o", small, "--for", "1s")
        command = shlex.split(re.search("replay it: (.*)", done.stderr)[1])
        self.assertEqual(command, ["kodama", "replay", small])

    def test_wrong_usage_is_told_in_one_line(self):
        broken = os.path.join(self.directory, "broken.scenario")
        pathlib.Path(broken).write_text("kodama scenario 1\nusers two\n")
        for arguments, said in (
            ([broken], r"broken.scenario:2:7: expected a whole number"),
            (["nofile"], "nofile: cannot be read: No such file or directory, and it is no seed"),
            (["/dev/zero"], "/dev/zero: cannot be read: it is larger than 64 MiB"),
            ([self.file, "-o", "/nowhere/x"], "cannot write /nowhere/x"),
            ([self.file, "-o", self.directory], "cannot write .*: Is a directory"),
            ([self.file, "--emit-test", self.directory], "cannot write .*: Is a directory"),
            ([1, "--profile", "wild"], "expected none, lossy"),
            ([self.file, "--profile", "lossy"], "--profile: .*failing.scenario has its own faults"),
            ([self.file, "--jobs", "4294967296"], "--jobs: .* expected 1 to 1024"),
        ):
            done = self.ask("shrink", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assert_one_line(done.stderr, said)


if __name__ == "__main__":
    harness.main()
