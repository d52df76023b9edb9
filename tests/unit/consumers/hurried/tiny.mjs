// As tiny.py, for Node.

import http from "node:http";
import { createInterface } from "node:readline";

const say = (body) => process.stdout.write(JSON.stringify({ protocol: 1, ...body }) + "\n");

const read = (url, deadlineMs) =>
  new Promise((done) => {
    let told = "";
    const request = http.request(`${url}/responses`, { method: "POST", agent: false }, (answer) => {
      answer.setEncoding("utf8");
      answer.on("error", () => {});
      answer.on("data", (data) => {
        told += data;
        if (!told.includes('"type": "response.completed"')) return;
        request.destroy();
        done({ ended: "returned", status: "completed", text: "All is well." });
      });
    });
    request.on("error", () => {});
    request.setTimeout(deadlineMs, () => {
      request.destroy();
      done({ ended: "raised", failure: { chain: [{ type: "TimeoutError", message: "timed out" }] } });
    });
    request.end(JSON.stringify({ input: "hello" }));
  });

say({ ready: { consumer: "tiny", version: "1.0", lane: "", runtime: "node" } });
for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  const began = performance.now();
  const turn = await read(given.base_url, given.timeouts.idle_ms ?? 0);
  turn.notes = String((performance.now() - began) / 1000);
  say({ case: given.case, outcome: { outcome: 1, consumer: "tiny", version: "1.0", turns: [turn] } });
}
process.exit(0);
