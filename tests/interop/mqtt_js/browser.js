// What every scenario of mqtt_js_browser_test.py finds in its page, besides stock mqtt.js and `asked`.
"use strict";

// Every WebSocket that is made, by mqtt.js too.
const sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...how) {
    super(...how);
    sockets.push(this);
  }
};

// Tells the test, and goes on when the test lets it.
async function tell(what, value = null) {
  const answer = await fetch("/tell", { method: "POST", body: JSON.stringify({ what, value }) });
  if (!answer.ok) throw new Error(`the test has ended before ${what}`);
}

function play(scenario) {
  scenario().then(
    (report) => tell("report", report),
    (error) => tell("error", String(error.stack || error)),
  );
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// What has happened, in its order, until somebody wants it.
class Queue {
  items = [];
  wake = () => {};

  put(item) {
    this.items.push(item);
    this.wake();
  }

  async take(count) {
    const late = pause(30000).then(() => "late");
    while (this.items.length < count) {
      const more = new Promise((resolve) => (this.wake = resolve));
      if ((await Promise.race([more, late])) === "late")
        throw new Error(`${this.items.length} of ${count} came: ${JSON.stringify(this.items.slice(-3))}`);
    }
    return this.items.splice(0, count);
  }

  async next() {
    return (await this.take(1))[0];
  }

  // All there is after a while in which nothing should come.
  async rest() {
    await pause(300);
    return this.items.splice(0);
  }
}

// A client with a queue of everything that happens to it.
function dial(clientId, { url = asked.url, ...more } = {}) {
  const client = mqtt.connect(url, {
    clientId,
    protocolVersion: asked.version === "5" ? 5 : 4,
    reconnectPeriod: 0,
    ...more,
  });
  client.inbox = new Queue();
  client.packets = new Queue(); // those that are no messages
  client.ups = new Queue();
  client.downs = new Queue();
  client.on("message", (topic, payload, { qos, retain, dup, properties }) =>
    client.inbox.put({ topic, payload, text: payload.toString(), qos, retain, dup, properties }));
  client.on("packetreceive", (packet) => packet.cmd === "publish" || client.packets.put(packet));
  client.on("connect", (packet) => client.ups.put(packet));
  client.on("error", (error) => client.downs.put({ message: error.message, code: error.code }));
  client.on("close", () => client.downs.put({ message: "closed" }));
  return client;
}

// One that is connected, with its CONNACK.
async function connect(clientId, more) {
  const client = dial(clientId, more);
  client.connack = await new Promise((resolve, reject) => {
    client.once("connect", resolve);
    client.once("close", () => reject(new Error(`${clientId}: ${JSON.stringify(client.downs.items)}`)));
  });
  client.ups.items.shift();
  return client;
}

// The options of one whose session outlives its connection.
const kept = () => ({
  clean: false,
  ...(asked.version === "5" ? { properties: { sessionExpiryInterval: 60 } } : {}),
});

const brief = ({ topic, text, qos, retain }) => [topic, text, qos, retain];
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
