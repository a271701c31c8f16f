#!/usr/bin/env python3
"""Nothing lost, repeated or reordered, however often the connections of both sides are cut."""

import subprocess

import harness

LINES = 20_000


class Cuts(harness.Case):
    def everything_arrives(self, seed, *faults, by="t"):
        server = self.serve()
        left = self.flaky(server, "127.0.0.2", "--seed", seed, *faults)
        right = self.flaky(server, "127.0.0.3", "--seed", seed + 1, *faults)
        sub = self.subscribe(left, "--keepalive", "1s", "--count", LINES, by)
        pub = self.start("pub", "--connect", right, "--verbose", "--keepalive", "1s", "t", "-",
                         stdin=subprocess.PIPE)
        pub.process.stdin.write(harness.numbers(LINES).encode())
        pub.process.stdin.close()
        self.assertEqual(pub.wait(), 0, pub.stderr())
        self.assertEqual(sub.wait(), 0, sub.stderr())
        # Not assertEqual: what differs would be printed as 40,000 lines.
        self.assertTrue(sub.stdout() == harness.numbers(LINES), "not the lines that were published")
        return sub.stderr().count(", resumed") + pub.stderr().count(", resumed")

    # 200 ms is the measure people know; the slow line makes the way last for many of them.
    CUTS = ("--cut-every", "200ms", "--bandwidth", "1MB")

    def test_connections_that_are_cut(self):
        resumed = sum(self.everything_arrives(seed, *self.CUTS) for seed in (1, 3, 5))
        self.assertGreater(resumed, 10)

    def test_connections_that_are_cut_below_a_filter(self):
        self.assertGreater(self.everything_arrives(17, *self.CUTS, by="#"), 0)

    def test_cuts_of_which_one_side_is_not_told(self):
        half_open = ("--half-open", "30%", "--half-open-for", "2s")
        for seed in (7, 9):
            self.assertGreater(self.everything_arrives(seed, *self.CUTS, *half_open), 0)

    def test_lines_that_stall(self):
        stalls = ("--stall", "1%", "--stall-for", "100ms", "--segment", "1000")
        for seed in (11, 13):
            self.assertGreater(self.everything_arrives(seed, "--cut-every", "200ms", *stalls), 0)

    def test_cuts_so_frequent_that_most_connections_bring_little(self):
        faults = ("--cut-every", "30ms", "--bandwidth", "2MB")
        self.assertGreater(self.everything_arrives(15, *faults), 10)


if __name__ == "__main__":
    harness.main()
