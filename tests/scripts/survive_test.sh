#!/usr/bin/env bash
# What tests/survive/run reads and refuses, and whether what it plants still fits; nothing is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failed=0
# expect WHAT STATUS PATTERN COMMAND…: the exit status, and a line of what it says.
expect() {
  local said status=0
  said=$("${@:4}" 2>&1) || status=$?
  if ((status != $2)) || ! grep -qE -- "$3" <<<"$said"; then
    printf 'FAILED %s: status %s, said\n%s\n' "$1" "$status" "$said"
    failed=1
  fi
}

run=tests/survive/run
expect help 0 '^usage: ' "$run" --help
expect "help by dev" 0 '^ *survive ' ./dev help
expect "a flag that is none" 2 'unrecognized arguments: --faster' "$run" --faster
expect "no number" 2 'a number from 1 on, not 0' "$run" --every 0
expect "no such mutant" 2 '--mutants: there is none of that name' "$run" --mutants nobody
expect "no such change" 2 '--changes: there is none of that name' "$run" --changes nobody

# To the letter: a patch that has drifted may plant something else than it says.
for patch in tests/mutants/*.patch tests/survive/changes/*.patch; do
  expect "$patch applies" 0 '' git apply --check "$patch"
done

expect parsing 0 '^OK$' python3 -B - <<'PYTHON'
import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

loader = importlib.machinery.SourceFileLoader("survive", "tests/survive/run")
survive = importlib.util.module_from_spec(importlib.util.spec_from_loader("survive", loader))
loader.exec_module(survive)


class Parsing(unittest.TestCase):
    def test_a_kind_has_no_numbers_and_names(self):
        # As tests/sim/failure_test.cpp has it of sim/failure.cpp.
        for text, kind in (
                ('user 1 (session 1/3) never received message 1#112, 97 of "topic/0"',
                 "user N never received message N of T"),
                ("user 0 (no session) has 3 of 4", "user N has N of N"),
                ("topic 1#x", "topic N#x")):
            self.assertEqual(survive.kind_of(text), kind)

    def test_a_story_says_how_a_run_failed_first(self):
        story = ("trace hash 79fcb2c195f9cda2; 2 promises broken\n\n"
                 "topic-order was broken (#141) at 7.548742 s:\n  user 1 received 5 after 3\n"
                 "What led to it:\n  #13  0.08  server  opens session 1/1\n\n"
                 "liveness was broken (#150) at 9.0 s:\n  user 2 waits\n")
        self.assertEqual(survive.failure_in(story, "", 1), "topic-order: user N received N after N")
        self.assertIsNone(survive.failure_in(story, "", 0))
        self.assertEqual(survive.failure_in("", "x\na.cpp:12: wrong\n", -6), "crash: a.cpp:N: wrong")

    def test_every_change_says_what_it_is(self):
        names = [survive.Patch(path).name for path in survive.CHANGES.glob("*.patch")]
        self.assertGreaterEqual(len(names), 5)

    def test_a_change_without_a_header_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            bare = pathlib.Path(folder) / "bare.patch"
            bare.write_text("diff --git a/x b/x\n")
            with self.assertRaises(SystemExit):
                survive.Patch(bare)

    def test_a_row_counts_the_same_failure_apart_from_another_one(self):
        row = survive.Row(survive.Patch(next(survive.CHANGES.glob("*.patch"))), 0)
        failures = [survive.Failure(kind, "x", "a: b") for kind in ("file", "file", "seed", "small")]
        row.add(failures, ["a: b", "a: c", None, "a: b"])
        self.assertRegex(row.line(), r"\| 1 of 2 \(1 otherwise\) \| 1 of 1 \| 0 of 1 \|\n$")
        self.assertEqual(survive.share([row], "file", "small"), 2 / 3)


unittest.main(argv=["parsing"])
PYTHON
exit "$failed"
