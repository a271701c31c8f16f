// mqtt.js against a server: `node scenarios.cjs NAME URL VERSION QOS CA`. Exits with 0 when the scenario
// went as it should, with 1 and a sentence otherwise.
"use strict";

const fs = require("fs");
const mqtt = require("mqtt");

const [name, url, version, qos, ca] = process.argv.slice(2);

function connect(clientId, more = {}) {
  return mqtt.connectAsync(url, {
    clientId,
    protocolVersion: version === "5" ? 5 : 4,
    ca: fs.readFileSync(ca),
    reconnectPeriod: 0,
    ...more,
  });
}

function messages(client, count) {
  return new Promise((resolve) => {
    const got = [];
    client.on("message", (topic, payload, packet) => {
      got.push({ topic, text: payload.toString(), qos: packet.qos, retain: packet.retain });
      if (got.length === count) resolve(got);
    });
  });
}

function expect(real, wanted) {
  if (JSON.stringify(real) !== JSON.stringify(wanted))
    throw new Error(`${JSON.stringify(real)} instead of ${JSON.stringify(wanted)}`);
}

const scenarios = {
  async there_and_back() {
    const client = await connect("c");
    const got = messages(client, 1);
    await client.subscribeAsync("t/+", { qos: 2 });
    await client.publishAsync("t/x", "hello", { qos: Number(qos) });
    expect(await got, [{ topic: "t/x", text: "hello", qos: Number(qos), retain: false }]);
    await client.endAsync();
  },
  async many_in_order() {
    const client = await connect("c");
    const got = messages(client, 500);
    await client.subscribeAsync("t", { qos: Number(qos) });
    for (let i = 0; i !== 500; ++i) client.publish("t", String(i), { qos: Number(qos) });
    expect((await got).map((each) => Number(each.text)), [...Array(500).keys()]);
    await client.endAsync();
  },
  async large() {
    const client = await connect("c");
    const got = messages(client, 1);
    await client.subscribeAsync("t", { qos: 1 });
    await client.publishAsync("t", "x".repeat(60000), { qos: 1 });
    expect((await got)[0].text.length, 60000);
    await client.endAsync();
  },
  async retained() {
    const client = await connect("c");
    await client.publishAsync("r", "kept", { qos: 1, retain: true });
    const got = messages(client, 1);
    await client.subscribeAsync("r", { qos: 1 });
    expect(await got, [{ topic: "r", text: "kept", qos: 1, retain: true }]);
    await client.endAsync();
  },
  async resumed() {
    const stay = version === "5" ? { properties: { sessionExpiryInterval: 60 } } : {};
    let client = await connect("c", { clean: false, ...stay });
    await client.subscribeAsync("t", { qos: 2 });
    await client.endAsync();
    const other = await connect("other");
    for (let i = 0; i !== 5; ++i) await other.publishAsync("t", String(i), { qos: 2 });
    await other.endAsync();
    client = mqtt.connect(url, {
      clientId: "c", clean: false, protocolVersion: version === "5" ? 5 : 4, ca: fs.readFileSync(ca), ...stay,
    });
    expect((await messages(client, 5)).map((each) => each.text), ["0", "1", "2", "3", "4"]);
    await client.endAsync();
  },
};

setTimeout(() => {
  console.error(`${name}: nothing happened for 30 s`);
  process.exit(1);
}, 30000);
scenarios[name]().then(
  () => process.exit(0),
  (error) => {
    console.error(`${name}: ${error.message}`);
    process.exit(1);
  },
);
