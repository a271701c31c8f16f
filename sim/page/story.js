"use strict";
// The picture of a story. Everything there is to show stands in #data (sim/story_page.cpp writes
// it); this page only reads. Texts reach the document as text nodes, never as markup.
(() => {
  const story = JSON.parse(document.getElementById("data").textContent);
  const events = story.events;
  const $ = (id) => document.getElementById(id);

  const ROW = 22; // as in the style sheet
  const QUIET = 0.5; // seconds without an event that are worth a gap
  const TIME_WIDTH = 92;
  const OVERSCAN = 10; // rows kept above and below what is visible

  const GROUPS = [
    ["users", "users", true, (kind) => kind.startsWith("user.")],
    ["decisions", "server", true, (kind) => /^(server|session|topic)\./.test(kind)],
    ["messages", "messages", true, (kind) => kind.startsWith("wire.")],
    ["connections", "connections", true, (kind) => /^(tcp|udp)\./.test(kind)],
    ["faults", "faults", true, (kind) => kind === "fault" || kind === "healed"],
    ["idle", "idle traffic too", false, null],
  ];

  const isBreach = (event) => event.kind === "broken";
  const isAlarm = (event) => isBreach(event) || event.kind === "fault";
  const about = (event, name) => (event.facts.find((fact) => fact[0] === name) || [])[1];
  const isAbout = (event, name, value) =>
    event.facts.some((fact) => fact[0] === name && fact[1] === value);
  const groupOf = (event) => (GROUPS.find((group) => group[3] && group[3](event.kind)) || [])[0];

  const matters = new Set(story.breaches.flatMap((breach) => breach.matters));
  const effects = new Map(); // of each event: what it led to
  events.forEach((event, i) => {
    if (event.cause >= 0)
      effects.set(event.cause, [...(effects.get(event.cause) || []), i]);
  });
  const owners = new Map(story.bars.map((bar) => [bar.session, bar.host]));

  const state = { selected: -1, query: "", session: "", topic: "" };
  const shown = Object.fromEntries(GROUPS.map((group) => [group[0], group[2]]));
  let visible = []; // indices of events, one row each
  let rowOf = new Int32Array(events.length); // of each event: its row, or the next one's
  let tops = []; // of each row, in pixels
  let height = 0;
  let arrows = [];
  let laneX = [];
  let graphWidth = 0;

  // --- which events have a row ------------------------------------------------------------------

  function passes(event) {
    if (isBreach(event)) return true;
    if (!event.essential && !shown.idle) return false;
    const group = groupOf(event);
    if (group && !shown[group]) return false;
    if (state.session && !isAbout(event, "session", state.session)) {
      const general = !about(event, "session") &&
        (event.host === owners.get(state.session) || isAlarm(event) && event.host === 0 ||
         event.kind.startsWith("server.") || event.kind === "healed");
      if (!general) return false;
    }
    if (state.topic && !isAbout(event, "topic", state.topic) &&
        (about(event, "topic") || group === "messages"))
      return false;
    return true;
  }

  function layOut() {
    visible = [];
    events.forEach((event, i) => {
      rowOf[i] = visible.length;
      if (passes(event)) visible.push(i);
    });
    tops = [];
    let y = 6;
    visible.forEach((index, row) => {
      const gap = row ? events[index].when - events[visible[row - 1]].when : 0;
      // Quiet is compressed: ten times as long is one step more.
      if (gap > QUIET) y += 12 + 8 * Math.log10(gap / QUIET);
      tops.push(y);
      y += ROW;
    });
    height = y + 40;
    arrows = [];
    events.forEach((event, i) => {
      if (event.kind === "wire.sent" && visible[rowOf[i]] === i) arrows.push(arrowOf(event, i));
    });
  }

  const middle = (row) => tops[row] + ROW / 2;

  /// Where a moment lies between the rows around it.
  function yAt(when) {
    let low = 0, high = visible.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (events[visible[mid]].when < when) low = mid + 1; else high = mid;
    }
    if (!visible.length) return 0;
    if (low === visible.length) return middle(low - 1) + ROW;
    if (low === 0 || events[visible[low]].when === when) return middle(low);
    const before = events[visible[low - 1]].when, after = events[visible[low]].when;
    return middle(low - 1) + (middle(low) - middle(low - 1)) * (when - before) / (after - before);
  }

  /// An event without a row lies where its first consequence of the same moment does.
  function yOf(index) {
    const row = rowOf[index];
    if (row < visible.length && events[visible[row]].when === events[index].when)
      return middle(row);
    return yAt(events[index].when);
  }

  function arrowOf(event, index) {
    const end = event.other >= 0 ? events[event.other] : null;
    const y0 = yOf(index);
    const lost = !!end && end.kind === "wire.lost";
    let y1 = end ? yOf(event.other) : y0 + 2 * ROW;
    if (lost) y1 = Math.min(y1, y0 + 3 * ROW); // when its fate was sealed is in its row
    return {
      index, from: event.host, to: story.hosts.indexOf(about(event, "peer")), y0, y1, lost,
      open: !end, late: !!end && !!about(end, "late"), nature: about(event, "nature") || "",
      label: [about(event, "name"), about(event, "message")].filter(Boolean).join(" ") +
        (about(event, "again") ? " (again)" : ""),
      content: !!about(event, "message"),
    };
  }

  // --- drawing ----------------------------------------------------------------------------------

  const scroller = $("scroller"), canvas = $("wires"), rows = $("rows");
  const pen = canvas.getContext("2d");
  let paint = {};

  function readPaint() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["paper", "line", "ink", "faint", "wire", "publish", "late", "lost",
      "attack", "user", "server", "attached", "detached", "fault", "broken", "broken-row",
      "picked"])
      paint[name] = style.getPropertyValue("--" + name).trim();
  }

  function resize() {
    const width = scroller.clientWidth;
    const lanes = story.hosts.length;
    const pitch = Math.max(24, Math.min(135, (width * 0.55 - TIME_WIDTH) / lanes));
    laneX = story.hosts.map((_, i) => TIME_WIDTH + pitch * (i + 0.5));
    graphWidth = TIME_WIDTH + pitch * lanes + 8;
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = scroller.clientHeight * scale;
    canvas.style.width = width + "px";
    canvas.style.height = scroller.clientHeight + "px";
    $("lanes").replaceChildren(...story.hosts.map((name, i) => {
      const label = element("span", name);
      label.style.left = laneX[i] + "px";
      label.style.maxWidth = pitch - 6 + "px";
      return label;
    }));
    $("tall").style.height = height + "px";
  }

  function draw() {
    const scale = window.devicePixelRatio || 1;
    const top = scroller.scrollTop, bottom = top + scroller.clientHeight;
    pen.setTransform(scale, 0, 0, scale, 0, -top * scale);
    pen.clearRect(0, top, canvas.width, bottom - top);
    pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
    pen.textBaseline = "middle";
    drawMarkedRows(top, bottom);
    drawBands(top, bottom);
    drawLanes(top, bottom);
    drawBars(top, bottom);
    drawTimes(top, bottom);
    drawCause();
    const labels = [];
    for (const arrow of arrows)
      if (Math.max(arrow.y0, arrow.y1) >= top && Math.min(arrow.y0, arrow.y1) <= bottom)
        drawArrow(arrow, labels);
    drawDots(top, bottom);
    for (const label of labels) drawLabel(label);
    drawRows(top, bottom);
  }

  function rowsWithin(top, bottom) {
    let low = 0, high = tops.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (tops[mid] + ROW < top) low = mid + 1; else high = mid;
    }
    let end = low;
    while (end < tops.length && tops[end] <= bottom) ++end;
    return [low, end];
  }

  function drawMarkedRows(top, bottom) {
    const [begin, end] = rowsWithin(top, bottom);
    for (let row = begin; row < end; ++row) {
      const index = visible[row];
      if (isBreach(events[index])) fill("broken-row", 0, tops[row], canvas.width, ROW);
      if (index === state.selected) fill("picked", 0, tops[row], graphWidth, ROW);
    }
  }

  function fill(colour, x, y, width, tall) {
    pen.fillStyle = paint[colour];
    pen.fillRect(x, y, width, tall);
  }

  /// Faults of one host that overlap stand side by side: `column` of `columns`.
  function arrangeBands() {
    const lanes = new Map();
    for (const band of story.bands)
      lanes.set(band.host, [...(lanes.get(band.host) || []), band]);
    for (const bands of lanes.values()) {
      let cluster = [], ends = [], last = -1;
      const close = () => cluster.forEach((band) => { band.columns = ends.length; });
      for (const band of bands.sort((a, b) => a.from - b.from || a.event - b.event)) {
        if (band.from >= last) { close(); cluster = []; ends = []; }
        const free = ends.findIndex((end) => end <= band.from);
        band.column = free < 0 ? ends.length : free;
        ends[band.column] = band.to;
        cluster.push(band);
        last = Math.max(last, band.to);
      }
      close();
    }
  }

  function drawBands(top, bottom) {
    if (!shown.faults) return;
    const pitch = laneX.length > 1 ? laneX[1] - laneX[0] : 100;
    for (const band of story.bands) {
      const y0 = yOf(band.event), y1 = Math.max(yAt(band.to), y0 + 4);
      if (y1 < top || y0 > bottom) continue;
      const width = pitch * 0.84 / band.columns;
      const x = laneX[band.host] - pitch * 0.42 + width * band.column;
      pen.globalAlpha = 0.16;
      fill("fault", x, y0, width - 1, y1 - y0);
      pen.globalAlpha = 0.7;
      fill("fault", x, y0, width - 1, 1.5);
      pen.globalAlpha = 1;
      if (width < 36) continue; // its row says what it is
      pen.save();
      pen.beginPath();
      pen.rect(x, top, width - 1, bottom - top);
      pen.clip();
      pen.fillStyle = paint.fault;
      pen.fillText(band.label, x + 3,
        Math.min(Math.max(y0, top) + 8, Math.max(y1 - 6, y0 + 8)));
      pen.restore();
    }
  }

  function drawLanes(top, bottom) {
    pen.strokeStyle = paint.line;
    pen.lineWidth = 1;
    for (const x of laneX) line(x, top, x, bottom);
  }

  function line(x0, y0, x1, y1) {
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  }

  function drawBars(top, bottom) {
    for (const bar of story.bars) {
      if (state.session && bar.session !== state.session) continue;
      const y0 = yAt(bar.from), y1 = yAt(bar.to);
      if (y1 < top || y0 > bottom) continue;
      fill(bar.state, laneX[bar.host] + (bar.who === "user" ? -7 : 3), y0, 4,
        Math.max(y1 - y0 - 1, 2));
    }
  }

  function drawTimes(top, bottom) {
    const [begin, end] = rowsWithin(top, bottom);
    pen.textAlign = "right";
    pen.fillStyle = paint.faint;
    for (let row = begin; row < end; ++row) {
      const when = events[visible[row]].when;
      const before = row ? events[visible[row - 1]].when : -1;
      if (when !== before) pen.fillText(when.toFixed(6), TIME_WIDTH - 14, middle(row));
      if (row && when - before > QUIET)
        pen.fillText("+" + (when - before).toFixed(1) + " s", TIME_WIDTH - 14, tops[row] - 5);
    }
    pen.textAlign = "left";
  }

  /// From what caused the selected event to it.
  function drawCause() {
    const event = events[state.selected];
    if (!event || event.cause < 0) return;
    pen.strokeStyle = paint.publish;
    pen.globalAlpha = 0.3;
    pen.lineWidth = 7;
    line(laneX[events[event.cause].host], yOf(event.cause), laneX[event.host],
      yOf(state.selected));
    pen.globalAlpha = 1;
  }

  function drawArrow(arrow, labels) {
    if (arrow.to < 0) return;
    const x0 = laneX[arrow.from], y0 = arrow.y0;
    let x1 = laneX[arrow.to], y1 = arrow.y1;
    const attack = arrow.nature === "replayed" || arrow.nature === "forged";
    const colour = arrow.lost ? "lost" : arrow.late ? "late" : attack ? "attack" :
      arrow.content ? "publish" : "wire";
    if (arrow.lost) { // it does not get there
      x1 = x0 + (x1 - x0) * 0.6;
      y1 = y0 + (y1 - y0) * 0.6;
    }
    pen.strokeStyle = pen.fillStyle = paint[colour];
    pen.lineWidth = arrow.index === state.selected ? 3 : arrow.late ? 2.2 : 1.3;
    pen.setLineDash(arrow.lost ? [6, 4] : attack ? [2, 3] : arrow.open ? [1, 5] : []);
    line(x0, y0, x1, y1);
    if (arrow.nature === "duplicate") line(x0, y0 + 4, x1, y1 + 4);
    pen.setLineDash([]);
    if (arrow.lost) {
      pen.lineWidth = 2.2;
      line(x1 - 5, y1 - 5, x1 + 5, y1 + 5);
      line(x1 - 5, y1 + 5, x1 + 5, y1 - 5);
    } else if (!arrow.open) {
      drawHead(x0, y0, x1, y1);
    }
    labels.push({ text: arrow.label, x0, y0, x1, y1, colour, others: labels });
  }

  function drawHead(x0, y0, x1, y1) {
    const angle = Math.atan2(y1 - y0, x1 - x0);
    const x = x1 - 5 * Math.cos(angle), y = y1 - 5 * Math.sin(angle); // beside the dot
    pen.beginPath();
    pen.moveTo(x, y);
    for (const turn of [2.7, -2.7])
      pen.lineTo(x + 9 * Math.cos(angle + turn), y + 9 * Math.sin(angle + turn));
    pen.fill();
  }

  /// Close to the departure, which has a row of its own, and only where there is room: a label
  /// that hides another one helps nobody.
  function drawLabel(label) {
    const width = pen.measureText(label.text).width;
    const span = Math.abs(label.x1 - label.x0);
    if (width + 28 > span) return;
    const at = (16 + width / 2) / span;
    const x = label.x0 + (label.x1 - label.x0) * at, y = label.y0 + (label.y1 - label.y0) * at;
    const box = [x - width / 2, y - 7, x + width / 2, y + 7];
    if (label.others.some((other) => other.box && other.box[0] < box[2] && other.box[2] > box[0] &&
        other.box[1] < box[3] && other.box[3] > box[1]))
      return;
    label.box = box;
    pen.globalAlpha = 0.85;
    fill("paper", box[0] - 2, box[1], width + 4, 14);
    pen.globalAlpha = 1;
    pen.fillStyle = paint[label.colour];
    pen.fillText(label.text, box[0], y);
  }

  function drawDots(top, bottom) {
    const [begin, end] = rowsWithin(top, bottom);
    for (let row = begin; row < end; ++row) {
      const index = visible[row], event = events[index];
      const x = laneX[event.host], y = middle(row);
      const alarm = isAlarm(event);
      pen.fillStyle = alarm ? paint.fault : event.host === 0 ? paint.server :
        event.kind.startsWith("user.") ? paint.user : paint.wire;
      pen.beginPath();
      if (alarm) { // a diamond, so that it is told without its colour
        const size = isBreach(event) ? 8 : 5;
        pen.moveTo(x, y - size); pen.lineTo(x + size, y);
        pen.lineTo(x, y + size); pen.lineTo(x - size, y);
      } else {
        pen.arc(x, y, event.kind.startsWith("wire.") ? 2.5 : 4, 0, 7);
      }
      pen.fill();
      if (!matters.has(index)) continue;
      pen.strokeStyle = paint.broken;
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.arc(x, y, 7.5, 0, 7);
      pen.stroke();
    }
  }

  // --- the rows: text, for eyes and for screen readers ------------------------------------------

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function classOf(event, index) {
    const all = ["row"];
    if (isBreach(event)) all.push("broken");
    if (event.kind === "fault") all.push("fault");
    if (matters.has(index)) all.push("matters");
    if (event.fate.startsWith("LOST")) all.push("lost");
    if (event.fate.startsWith("LATE") || about(event, "late")) all.push("late");
    if (state.query && isMatch(event)) all.push("match");
    return all.join(" ");
  }

  function drawRows(top, bottom) {
    const [begin, end] = rowsWithin(top - OVERSCAN * ROW, bottom + OVERSCAN * ROW);
    const made = [];
    for (let row = begin; row < end; ++row) {
      const index = visible[row], event = events[index];
      const item = element("div", undefined, classOf(event, index));
      item.id = "event-" + (index + 1);
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(index === state.selected));
      item.setAttribute("aria-posinset", String(row + 1));
      item.setAttribute("aria-setsize", String(visible.length));
      item.style.top = tops[row] + "px";
      item.style.left = graphWidth + "px";
      item.append(element("span", "#" + (index + 1), "number"),
        element("span", story.hosts[event.host], "host"), element("span", event.text, "text"));
      // Why it was lost is among the details.
      if (event.fate)
        item.append(element("span", "[" + event.fate.split(":")[0] + "]", "fate"));
      item.title = event.text;
      made.push(item);
    }
    rows.replaceChildren(...made);
  }

  // --- details ----------------------------------------------------------------------------------

  function link(index) {
    const event = events[index];
    const made = element("button", "#" + (index + 1) + " " + story.hosts[event.host] + " " +
      event.text, "plain");
    made.type = "button";
    made.addEventListener("click", () => { reveal(index); scroller.focus(); });
    return made;
  }

  function links(title, indices) {
    if (!indices.length) return [];
    const list = element("ul");
    for (const index of indices.slice(0, 40)) {
      const item = element("li");
      item.append(link(index));
      list.append(item);
    }
    if (indices.length > 40) list.append(element("li", "and " + (indices.length - 40) + " more"));
    return [element("h3", title), list];
  }

  function showDetails() {
    const index = state.selected, event = events[index];
    if (!event) return $("details").replaceChildren(element("p", "Nothing is selected."));
    const parts = [element("h2", "#" + (index + 1) + " · " + event.when.toFixed(6) + " s · " +
      story.hosts[event.host]), element("p", event.text, isBreach(event) ? "alarm" : "")];
    if (event.fate) parts.push(element("p", event.fate));
    const facts = element("dl");
    for (const [name, value] of [["kind", event.kind], ...event.facts])
      facts.append(element("dt", name), element("dd", value));
    parts.push(facts);
    for (const breach of story.breaches)
      if (breach.event === index) parts.push(...links("What led to it", breach.matters));
    if (event.other >= 0)
      parts.push(...links(event.kind === "wire.sent" ? "Its other end" : "It departed",
        [event.other]));
    if (event.cause >= 0 && event.cause !== event.other)
      parts.push(...links("Because of", [event.cause]));
    parts.push(...links("Led to", (effects.get(index) || []).filter((i) => i !== event.other)));
    const message = about(event, "message");
    if (message && !isBreach(event))
      parts.push(...links("All about " + message,
        events.flatMap((each, i) =>
          i !== index && each.essential && isAbout(each, "message", message) ? [i] : [])));
    $("details").replaceChildren(...parts);
  }

  // --- moving about -----------------------------------------------------------------------------

  function select(index, centre) {
    state.selected = index;
    const row = rowOf[index];
    if (visible[row] === index) {
      const top = tops[row], view = scroller.clientHeight;
      if (centre) scroller.scrollTop = top - view * 0.6;
      else if (top < scroller.scrollTop + ROW) scroller.scrollTop = top - 2 * ROW;
      else if (top + 2 * ROW > scroller.scrollTop + view) scroller.scrollTop = top + 3 * ROW - view;
    }
    draw();
    if (index >= 0) scroller.setAttribute("aria-activedescendant", "event-" + (index + 1));
    showDetails();
  }

  /// Selects an event wherever it hides.
  function reveal(index) {
    if (!passes(events[index])) {
      if (!events[index].essential) shown.idle = true;
      const group = groupOf(events[index]);
      if (group) shown[group] = true;
      if (!passes(events[index])) state.session = state.topic = "";
      showFilters();
      relay();
    }
    select(index, true);
  }

  function step(by) {
    if (!visible.length) return;
    const row = state.selected < 0 ? 0 : rowOf[state.selected] + by;
    select(visible[Math.max(0, Math.min(visible.length - 1, row))]);
  }

  function seek(wanted, by) {
    const start = state.selected < 0 ? -1 : rowOf[state.selected];
    for (let row = start + by; row >= 0 && row < visible.length; row += by)
      if (wanted(events[visible[row]])) return select(visible[row], true);
  }

  function isMatch(event) {
    return (story.hosts[event.host] + " " + event.kind + " " + event.text).toLowerCase()
      .includes(state.query);
  }

  function search(by) {
    const matches = visible.filter((index) => isMatch(events[index]));
    $("found").textContent = state.query ? matches.length + " found" : "";
    if (!state.query || !matches.length) return draw();
    const next = matches.find((index) => by ? index > state.selected : index >= state.selected);
    select(next === undefined ? matches[0] : next, true);
  }

  function press(key) {
    const event = events[state.selected];
    switch (key) {
      case "ArrowDown": case "j": step(1); return true;
      case "ArrowUp": case "k": step(-1); return true;
      case "PageDown": step(20); return true;
      case "PageUp": step(-20); return true;
      case "Home": step(-Infinity); return true;
      case "End": step(Infinity); return true;
      case "n": seek(isAlarm, 1); return true;
      case "p": seek(isAlarm, -1); return true;
      case "c": if (event && event.cause >= 0) reveal(event.cause); return true;
      case "o": if (event && event.other >= 0) reveal(event.other); return true;
      case "/": $("search").focus(); $("search").select(); return true;
    }
    return false;
  }

  function relay() {
    layOut();
    resize();
  }

  function refilter() {
    relay();
    if (visible.length && (state.selected < 0 || visible[rowOf[state.selected]] !== state.selected))
      state.selected = visible[Math.min(rowOf[Math.max(state.selected, 0)], visible.length - 1)];
    select(state.selected, true);
  }

  // --- filters ----------------------------------------------------------------------------------

  function fillSelect(id, name) {
    const values = new Set(events.flatMap((event) =>
      event.facts.filter((fact) => fact[0] === name).map((fact) => fact[1])));
    const sorted = [...values].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    for (const value of sorted) {
      const owner = owners.has(value) ? " (" + story.hosts[owners.get(value)] + ")" : "";
      const option = element("option", value + owner);
      option.value = value;
      $(id).append(option);
    }
    $(id).addEventListener("change", () => { state[id] = $(id).value; refilter(); });
  }

  function showFilters() {
    $("session").value = state.session;
    $("topic").value = state.topic;
    for (const [name] of GROUPS) $("group-" + name).checked = shown[name];
  }

  function makeFilters() {
    fillSelect("session", "session");
    fillSelect("topic", "topic");
    for (const [name, text] of GROUPS) {
      const box = element("input");
      box.type = "checkbox";
      box.id = "group-" + name;
      box.addEventListener("change", () => { shown[name] = box.checked; refilter(); });
      const label = element("label");
      label.append(box, text);
      $("groups").append(label);
    }
    showFilters();
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("search").addEventListener("input", () => {
      state.query = $("search").value.toLowerCase();
      search(0);
    });
    $("search").addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); search(1); }
      if (event.key === "Escape") scroller.focus();
    });
  }

  function showOutcome() {
    const outcome = $("outcome");
    const summary = story.hosts.length - 1 + " clients, " + events.length + " events, " +
      story.end.toFixed(1) + " s; trace hash " + story.hash + ". ";
    outcome.append(summary);
    if (!story.breaches.length) outcome.append("Every promise was kept.");
    for (const breach of story.breaches) {
      const made = element("button", "✗ " + breach.promise + " is broken: " + breach.text,
        "plain");
      made.type = "button";
      made.addEventListener("click", () => { reveal(breach.event); scroller.focus(); });
      outcome.append(document.createElement("br"), made);
      if (outcome.querySelectorAll("button").length === 3 && story.breaches.length > 3) {
        outcome.append(" and " + (story.breaches.length - 3) + " more");
        break;
      }
    }
  }

  /// The departure whose arrow passes close to the point, or the event of the row.
  function eventAt(x, y) {
    for (const arrow of arrows) {
      const x0 = laneX[arrow.from], x1 = laneX[arrow.to];
      if (x < Math.min(x0, x1) + 8 || x > Math.max(x0, x1) - 8) continue;
      const on = arrow.y0 + (arrow.y1 - arrow.y0) * (x - x0) / (x1 - x0);
      if (Math.abs(on - y) < 5) return arrow.index;
    }
    const [row] = rowsWithin(y, y);
    return row < visible.length && tops[row] <= y ? visible[row] : -1;
  }

  function listen() {
    scroller.addEventListener("scroll", draw);
    scroller.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (press(event.key)) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT)$/.test(event.target.tagName) && press("/"))
        event.preventDefault();
    });
    $("tall").addEventListener("click", (event) => {
      const box = $("tall").getBoundingClientRect();
      const index = eventAt(event.clientX - box.left, event.clientY - box.top);
      if (index >= 0) select(index);
    });
    window.addEventListener("resize", () => { resize(); draw(); });
    matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => { readPaint(); draw(); });
  }

  readPaint();
  arrangeBands();
  makeFilters();
  showOutcome();
  listen();
  relay();
  const first = story.breaches.length ? story.breaches[0].event : visible[0];
  select(first === undefined ? -1 : first, true);
  scroller.focus({ preventScroll: true });
})();
