#!/usr/bin/env python3
"""Messages without a guarantee: at most once, never old after new, by UDP or else by TCP."""

import pathlib

import harness

LINES = 2_000


class Unreliable(harness.Case):
    def carry(self, *faults):
        """What a subscriber behind one proxy hears of a publisher behind another."""
        server = self.serve()
        left = self.flaky(server, "127.0.0.2", "--seed", 1, *faults)
        right = self.flaky(server, "127.0.0.3", "--seed", 2, *faults)
        sub = self.subscribe(left, "--format", "json", "t", "end")
        if "--block-udp" not in faults:
            self.up_before(sub, left)
        self.publish(right, "--unreliable", "t", "-", lines=harness.numbers(LINES))
        self.publish(server.address, "end", "end")
        sub.until('"payload":"end"')
        self.assertEqual(sub.stop(), 0)
        return [m for m in sub.lines() if m["topic"] == "t"]

    def up_before(self, sub, address, *arguments):
        """The subscriber's path stands once messages come by it."""
        for _ in range(harness.PATIENCE * 10):
            self.publish(address, "--unreliable", *arguments, "t", "0")
            if '"transport":"udp"' in sub.stdout():
                return
        self.fail("UDP never came up: " + sub.stdout()[-500:])

    def assert_once_and_in_order(self, messages):
        heard = [int(m["payload"]) for m in messages if m["payload"] != "0"]
        self.assertEqual(heard, sorted(set(heard)))
        self.assertTrue(all(m["sequence"] is None for m in messages))
        return heard

    def test_a_lossy_path_repeats_nothing_and_keeps_the_order(self):
        messages = self.carry("--lose", "10%", "--duplicate", "20%", "--reorder", "20%",
                              "--reorder-for", "5ms")
        heard = self.assert_once_and_in_order(messages)
        by_udp = sum(m["transport"] == "udp" for m in messages)
        self.assertGreater(by_udp, LINES / 10)
        self.assertLess(len(heard), LINES)  # else nothing was lost, and this proves little

    def test_where_udp_is_blocked_everything_goes_by_tcp(self):
        messages = self.carry("--block-udp")
        self.assertEqual({m["transport"] for m in messages}, {"tcp"})
        self.assertEqual(self.assert_once_and_in_order(messages), list(range(1, LINES + 1)))

    def test_without_udp_at_all_the_same(self):
        server = self.serve("--no-udp")
        sub = self.subscribe(server.address, "--count", 10, "t")
        self.publish(server.address, "--unreliable", "t", "-", lines=harness.numbers(10))
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.stdout(), harness.numbers(10))

    def comes_by_udp_at(self, listening, *hosts):
        """A server on all addresses answers from that one to which a client's datagrams come."""
        tokens = pathlib.Path(self.directory) / "tokens"
        tokens.write_text("right\n")
        server = self.start("serve", "--listen", listening, "--tokens", tokens, *harness.serve_threads())
        port = server.until(r"ready native=\S+:(\d+)")[1]
        for host in hosts:
            with self.subTest(host=host):
                address = f"{host}:{port}"
                sub = self.subscribe(address, "--token", "right", "--format", "json", "t")
                self.up_before(sub, address, "--token", "right")

    def test_from_all_addresses_of_a_host(self):
        # What is sent to 127.0.0.1 has that as its source, unless the sender says otherwise.
        self.comes_by_udp_at("0.0.0.0:0", "127.0.0.5", "127.0.0.1")

    def test_from_all_addresses_of_a_host_with_ipv6(self):
        self.comes_by_udp_at("[::]:0", "127.0.0.5", "[::1]")


if __name__ == "__main__":
    harness.main()
