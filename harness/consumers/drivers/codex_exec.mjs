// The Codex command line, as its documentation shows it for programs: `codex exec --json`, later turns by `resume`.
//
// Mapping to the outcome:
// - ended, failure: `turn.failed` and the `error` events before it raise, with their messages; so does any exit code
//   but 0, with the last words on stderr; else returned. An `error` event alone tells of an attempt that is made again.
// - status: `turn.completed` is completed; an exit without it claims nothing.
// - items: completed `agent_message` items are messages, `reasoning` items reasoning; all others are its own doings.
// - text: the last message, which is what `--output-last-message` gives. usage: of `turn.completed`.
// - trace: every event by its type. It streams whole items, not deltas.
// - cancel: SIGINT to the process. Time-outs: the provider's `stream_idle_timeout_ms`. Retries: one of a request and one
//   of a stream, by its configuration; its defaults, four and five, wait longer together than a case may take.

import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as driver from "./_driver.mjs";

const PROGRAM = new URL("../node_modules/.bin/codex", import.meta.url).pathname;
const TAIL = 2000;

function configured(given) {
  const home = mkdtempSync(join(tmpdir(), "codex-home-"));
  const idle = driver.readTimeoutMs(given);
  const config = [
    'model = "gpt-5"',
    'model_provider = "loopback"',
    "check_for_update_on_startup = false",
    "[analytics]",
    "enabled = false",
    "[model_providers.loopback]",
    'name = "loopback"',
    `base_url = "${given.base_url}"`,
    'env_key = "LOOPBACK_KEY"',
    'wire_api = "responses"',
    "request_max_retries = 1",
    "stream_max_retries = 1",
    ...(idle ? [`stream_idle_timeout_ms = ${Math.ceil(idle)}`] : []),
  ];
  writeFileSync(join(home, "config.toml"), config.join("\n"));
  return home;
}

function start(home, words) {
  return spawn(process.execPath, [PROGRAM, "exec", ...words], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, CODEX_HOME: home, LOOPBACK_KEY: "test" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function turn(home, thread, prompt, trace) {
  const resumed = thread.id ? ["resume", thread.id] : [];
  const child = start(home, [...resumed, "--json", "--skip-git-repo-check", prompt]);
  const seen = { items: [], errors: [], failed: false, done: null };
  let stderr = "";
  child.stderr.on("data", (data) => (stderr = (stderr + data).slice(-TAIL)));
  trace.signal.addEventListener("abort", () => child.kill("SIGINT"));
  const closed = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  for await (const line of createInterface({ input: child.stdout })) note(JSON.parse(line), seen, thread, trace);
  const { code, signal } = await closed;
  if (trace.cancelled && !seen.done) return { ended: "cancelled" };
  const ended = signal ? `killed by ${signal}` : `exit code ${code}`;
  if (code !== 0 && !seen.errors.length) seen.errors.push({ type: "codex.exit", message: `${ended}; ${stderr}` });
  if (code !== 0 || seen.failed) return { ended: "raised", failure: { chain: seen.errors.reverse() } };
  const texts = seen.items.filter((item) => item.kind === "message");
  return driver.compact({
    ended: "returned",
    status: seen.done ? "completed" : undefined,
    items: seen.items,
    text: texts.at(-1)?.text,
    usage: usageOf(seen.done?.usage),
  });
}

function note(event, seen, thread, trace) {
  trace.add("event", event.type);
  if (event.type === "thread.started") thread.id = event.thread_id;
  if (event.type === "turn.completed") seen.done = event;
  if (event.type === "turn.failed") {
    seen.failed = true;
    seen.errors.push({ type: "codex.turn.failed", message: event.error?.message ?? "" });
  }
  if (event.type === "error") seen.errors.push({ type: "codex.error", message: event.message ?? "" });
  if (event.type === "item.completed") seen.items.push(itemOf(event.item));
}

function itemOf(item) {
  if (item.type === "agent_message") return { kind: "message", type: item.type, id: item.id, text: item.text };
  if (item.type === "reasoning") return { kind: "reasoning", type: item.type, id: item.id, summary: item.text };
  return { kind: "other", type: item.type, id: item.id };
}

function usageOf(usage) {
  if (!usage) return undefined;
  return driver.compact({
    input: usage.input_tokens,
    output: usage.output_tokens,
    cached: usage.cached_input_tokens,
    reasoning: usage.reasoning_output_tokens,
  });
}

/** What the last user message says: everything before it, the program remembers by itself. */
function promptOf(said) {
  const last = said.filter((item) => item.role === "user").at(-1);
  if (!last) return "go on";
  return typeof last.content === "string" ? last.content : last.content.map((part) => part.text ?? "").join("\n");
}

await driver.serve("@openai/codex", "exec", async (given) => {
  const home = configured(given);
  const thread = {};
  return { turn: (said, trace) => turn(home, thread, promptOf(said), trace) };
});
