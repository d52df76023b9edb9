// Every way in which a Node program waits with a limit; each prints its name and what it took on the program's clocks.
// Run as a script, with the seconds of each wait.

import { execFile } from "node:child_process";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ms = Number(process.argv[2]) * 1000;
const mute = net.createServer(() => {});
await new Promise((done) => mute.listen(0, "127.0.0.1", done));
const { port } = mute.address();

const WAITS = {
  setTimeout: () => sleep(ms),
  setInterval: () =>
    new Promise((done) => {
      let left = 3;
      const timer = setInterval(() => --left || (clearInterval(timer), done()), ms / 3);
    }),
  "socket timeout": () =>
    new Promise((done) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.setTimeout(ms, () => done(socket.destroy()));
    }),
  "fetch given up": () => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(ms) }).catch(() => {}),
  "Atomics.wait": () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  "a child's sleep": () => new Promise((done) => execFile("sleep", [String(ms / 1000)], done)),
};

for (const [name, wait] of Object.entries(WAITS)) {
  const [began, day] = [performance.now(), Date.now()];
  await wait();
  console.log([name, (performance.now() - began) / 1000, (Date.now() - day) / 1000].join("\t"));
}
process.exit(0);
