#!/usr/bin/env python3
"""The page of `kodama replay --html`, in a headless Chromium: what a person sees and presses."""

import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

KODAMA = os.environ.get("KODAMA", "kodama")
PATIENCE = 120  # seconds: a browser starts slowly on a machine that is busy with other tests

# Two people in one room; the second drives through a tunnel while the first publishes.
TUNNEL = """kodama scenario 1
seed 1
users 2
keepalive 3000000000ns
heal_at 8000000000ns
end_at 42000000000ns
udp no
do 0ns user 0 connect topic 0 count 1 size 0
do 0ns user 1 connect topic 0 count 1 size 0
do 500000000ns user 1 subscribe topic 0 count 1 size 0
strike 1000000000ns black_hole host 2 for 6000000000ns draw 1
do 1200000000ns user 0 publish topic 0 count 3 size 32
"""

# Runs in the page after its own script; `press` is what a keyboard does, `report` what comes back.
HELPERS = """
const $ = (id) => document.getElementById(id);
const press = (key) => (document.activeElement || document.body).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const selected = () => {
  const row = document.querySelector('[aria-selected="true"]');
  return row ? row.textContent : null;
};
const change = (id, value) => {
  if ($(id).type === "checkbox") $(id).checked = value; else $(id).value = value;
  $(id).dispatchEvent(new Event(id === "search" ? "input" : "change", { bubbles: true }));
};
const setSize = () => Number(document.querySelector(".row").getAttribute("aria-setsize"));
// The colours that the canvas has anywhere.
const painted = () => {
  const data = $("wires").getContext("2d").getImageData(0, 0, $("wires").width,
    $("wires").height).data;
  const all = new Set();
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] === 255) all.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return all;
};
"""

DATA = re.compile(r'(<script type="application/json" id="data">)(.*?)(</script>)', re.DOTALL)


def chromium():
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


class Page(unittest.TestCase):
    def setUp(self):
        if not chromium():
            self.skipTest("there is no chromium")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = pathlib.Path(folder.name)

    def replay(self, *arguments):
        """The page of a story, as text."""
        page = self.directory / "story.html"
        done = subprocess.run(
            [KODAMA, "replay", *arguments, "--html", page], capture_output=True, timeout=PATIENCE
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return page.read_text(encoding="utf-8")

    def tunnel(self):
        scenario = self.directory / "tunnel.scenario"
        scenario.write_text(TUNNEL)
        return self.replay(scenario)

    def visit(self, page, script):
        """Opens the page, runs the script in it and returns what it reports."""
        act = """<script>
        (() => { %s
          const report = {};
          try { %s } catch (error) { report.error = String(error); }
          const made = document.createElement("pre");
          made.id = "report";
          made.textContent = JSON.stringify(report);
          document.body.append(made);
        })();
        </script></body>""" % (HELPERS, script)
        path = self.directory / "visited.html"
        path.write_text(page.replace("</body>", act), encoding="utf-8")
        done = subprocess.run(
            [
                chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--window-size=1400,900",
                f"--user-data-dir={self.directory / 'profile'}", "--dump-dom", path.as_uri(),
            ],
            capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE,
        )
        found = re.search(r'<pre id="report">(.*?)</pre>', done.stdout, re.DOTALL)
        self.assertTrue(found, "no report: " + done.stderr[-2000:])
        report = json.loads(html.unescape(found.group(1)))
        self.assertNotIn("error", report)
        return report

    def data(self, page):
        return json.loads(DATA.search(page).group(2))

    def with_data(self, page, data):
        text = json.dumps(data).replace("<", "\\u003c")
        return DATA.sub(lambda match: match.group(1) + text + match.group(3), page)

    def broken(self, page):
        """The same story with a promise broken at the fifth reception."""
        data = self.data(page)
        at = max(i for i, e in enumerate(data["events"]) if e["kind"] == "user.receives")
        data["events"][at].update(kind="broken", text="topic-order is broken: <b>2</b> was due",
                                  cause=-1)
        sent = next(i for i, e in enumerate(data["events"]) if e["kind"] == "user.publishes")
        data["breaches"] = [{"promise": "topic-order", "text": "<b>2</b> was due",
                             "event": at, "matters": [sent]}]
        return self.with_data(page, data), at, sent

    def test_the_keyboard_steps_through_the_story(self):
        report = self.visit(self.tunnel(), """
          report.focus = document.activeElement.id;
          report.first = selected();
          press("ArrowDown"); report.second = selected();
          press("j"); press("k"); report.back = selected();
          press("ArrowUp"); report.start = selected();
          press("End"); report.last = selected();
          press("Home"); report.home = selected();
          press("n"); report.fault = selected();
          report.details = $("details").textContent;
          report.active = $("scroller").getAttribute("aria-activedescendant");
          report.row = document.querySelector('[aria-selected="true"]').id;
        """)
        self.assertEqual(report["focus"], "scroller")
        self.assertNotEqual(report["first"], report["second"])
        self.assertEqual(report["back"], report["second"])
        self.assertEqual(report["start"], report["first"])
        self.assertEqual(report["home"], report["first"])
        self.assertNotEqual(report["last"], report["first"])
        self.assertIn("black_hole for 6000 ms", report["fault"])
        self.assertIn("user-1", report["details"])
        self.assertEqual(report["active"], report["row"])

    def test_filters_and_search_leave_what_was_asked_for(self):
        report = self.visit(self.tunnel(), """
          report.sessions = [...$("session").options].map((option) => option.value);
          report.all = setSize();
          change("session", "session 1/1"); report.session = setSize();
          change("session", "");
          change("topic", "topic/0"); report.topic = setSize();
          change("topic", "");
          change("group-messages", false); report.quiet = setSize();
          report.without = [...document.querySelectorAll(".row")]
            .filter((row) => /sends/.test(row.textContent)).length;
          change("group-messages", true);
          change("group-idle", true); report.idle = setSize();
          change("group-idle", false);
          press("/"); report.focus = document.activeElement.id;
          change("search", "gives 0#2"); report.match = selected();
          report.found = $("found").textContent;
        """)
        self.assertEqual(report["sessions"], ["", "session 1/1", "session 1/2"])
        self.assertLess(report["session"], report["all"])
        self.assertLess(report["topic"], report["all"])
        self.assertLess(report["quiet"], report["all"])
        self.assertEqual(report["without"], 0)
        self.assertGreater(report["idle"], report["all"])
        self.assertEqual(report["focus"], "search")
        self.assertIn("gives 0#2 the number 2", report["match"])
        self.assertEqual(report["found"], "1 found")

    def test_a_broken_promise_is_what_one_sees_first(self):
        page, at, sent = self.broken(self.tunnel())
        report = self.visit(page, """
          report.selected = document.querySelector('[aria-selected="true"]').id;
          report.classes = document.querySelector('[aria-selected="true"]').className;
          report.outcome = $("outcome").textContent;
          report.details = $("details").textContent;
          report.markup = document.querySelectorAll("b").length;
          const box = document.querySelector('[aria-selected="true"]').getBoundingClientRect();
          const view = $("scroller").getBoundingClientRect();
          report.inside = box.top >= view.top && box.bottom <= view.bottom;
          press("p"); report.before = selected();
          press("n"); report.again = document.querySelector('[aria-selected="true"]').id;
          [...$("details").querySelectorAll("button")][0].click();
          report.cause = document.querySelector('[aria-selected="true"]').id;
        """)
        self.assertEqual(report["selected"], f"event-{at + 1}")
        self.assertIn("broken", report["classes"])
        self.assertIn("topic-order is broken: <b>2</b> was due", report["outcome"])
        self.assertIn("What led to it", report["details"])
        self.assertEqual(report["markup"], 0)
        self.assertTrue(report["inside"])
        self.assertIn("black_hole", report["before"])
        self.assertEqual(report["again"], f"event-{at + 1}")
        self.assertEqual(report["cause"], f"event-{sent + 1}")

    def test_a_click_shows_the_details_and_the_linked_events(self):
        report = self.visit(self.tunnel(), """
          change("search", "sends PUBLISH 0#1 of"); report.sent = selected();
          report.details = $("details").textContent;
          press("Escape");
          $("scroller").focus(); press("o"); report.other = selected();
          press("o"); report.back = selected();
          press("c"); report.cause = selected();
          const row = [...document.querySelectorAll(".row")].find(
            (each) => /learns that 0#1/.test(each.textContent));
          const box = row.getBoundingClientRect();
          row.dispatchEvent(new MouseEvent("click", { bubbles: true,
            clientX: box.left + 5, clientY: box.top + 8 }));
          report.clicked = selected();
        """)
        self.assertIn("LOST", report["sent"])
        self.assertIn("All about 0#1", report["details"])
        self.assertIn("transmission", report["details"])
        self.assertIn("loses PUBLISH 0#1", report["other"])
        self.assertEqual(report["back"], report["sent"])
        self.assertIn("gives 0#1 the number 1", report["cause"])
        self.assertIn("learns that 0#1 is acknowledged", report["clicked"])

    def test_lost_and_late_messages_look_it(self):
        page = self.tunnel()
        report = self.visit(page, """
          const colour = (name) => parseInt(getComputedStyle(document.documentElement)
            .getPropertyValue("--" + name).trim().slice(1), 16);
          change("search", "sends PUBLISH 0#1 of");
          const there = painted();
          for (const name of ["lost", "publish", "attached", "detached"])
            report[name] = there.has(colour(name));
        """)
        self.assertEqual(report, {name: True for name in ("lost", "publish", "attached", "detached")})

    def test_thousands_of_events_are_no_burden(self):
        page = self.tunnel()
        data = self.data(page)
        some, shift = list(data["events"]), 0.0
        while len(data["events"]) < 20_000:
            base, shift = len(data["events"]), shift + data["end"]
            for event in some:
                moved = {**event, "when": event["when"] + shift}
                for end in ("cause", "other"):
                    moved[end] = event[end] + base if event[end] >= 0 else -1
                data["events"].append(moved)
        report = self.visit(self.with_data(page, data), """
          const begin = performance.now();
          for (let i = 0; i < 200; ++i) press("j");
          report.took = (performance.now() - begin) / 200;
          press("End"); report.last = selected();
          report.rows = document.querySelectorAll(".row").length;
        """)
        self.assertLess(report["rows"], 200)
        self.assertLess(report["took"], 200, "milliseconds for each step")
        self.assertTrue(report["last"])

    def test_any_seed_makes_a_page_that_opens(self):
        for seed in ("3", "11"):
            report = self.visit(self.replay(seed, "--profile", "hostile"), """
              change("group-idle", true);
              press("Home"); for (let i = 0; i < 30; ++i) press("PageDown");
              report.selected = selected();
            """)
            self.assertTrue(report["selected"])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        KODAMA = sys.argv.pop(1)
    unittest.main()
