// What every Node driver shares: the lines, the conversation, the form of an outcome, errors as data.
//
// The same rules as for the Python drivers: a driver copies what its consumer gave, leaves out what it did not give,
// and repairs nothing. Only Node's own modules are imported. What a call leaves behind is judged at the server: here, a
// socket that idles in the pool cannot be told from one that was forgotten.

import { readFileSync, writeSync } from "node:fs";
import net from "node:net";
import { createInterface } from "node:readline";

const PROTOCOL = 1;
const OUTCOME = 1;
const DETAILS = ["code", "status", "statusCode", "param", "type", "error", "body", "responseBody", "data", "requestID", "request_id", "reason", "errno"];

// --- the lines ----------------------------------------------------------------------------------------------------

/**
 * Answer cases until stdin closes. `runCase(given)` resolves to `{ turn(said, trace, number), close() }`; a turn
 * resolves to its part of the outcome. What a case used is closed when the next one starts, so that the server still
 * sees what the consumer forgot.
 */
export async function serve(consumer, lane, runCase) {
  const version = versionOf(consumer);
  console.log = console.info = console.debug = console.error;
  let cleanup = () => {};
  say({ ready: { consumer, version, lane, runtime: `node ${process.versions.node}` } });
  for await (const line of createInterface({ input: process.stdin })) {
    const given = JSON.parse(line);
    cleanup();
    const attempts = watchRequests(given.base_url);
    try {
      const call = await runCase(given);
      const turns = await converse(given, call.turn, attempts);
      cleanup = call.close ?? (() => {});
      say({ case: given.case, outcome: { outcome: OUTCOME, consumer, version, turns } });
    } catch (error) {
      say({ case: given.case, error: String(error?.stack ?? error) });
    }
  }
  process.exit(0);
}

function say(body) {
  const data = Buffer.from(JSON.stringify({ protocol: PROTOCOL, ...body }) + "\n");
  for (let sent = 0; sent < data.length; ) {
    try {
      sent += writeSync(1, data, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

/** The installed release of a package, which need not export its package.json. */
export function versionOf(name) {
  const folder = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(folder, "utf8")).version;
}

// --- the conversation ---------------------------------------------------------------------------------------------

/** Every turn with all that was said before it; the first that does not return ends it. */
async function converse(given, turn, attempts) {
  let said = [];
  const turns = [];
  for (const [number, asked] of given.turns.entries()) {
    said = said.concat(typeof asked.input === "string" ? [{ role: "user", content: asked.input }] : asked.input);
    attempts.count = 0;
    const trace = new Trace(attempts, number === 0 ? given.cancel_after : null);
    const done = { trace: trace.entries, ...(await turn(said.slice(), trace, number)) };
    turns.push(done);
    say({ case: given.case, turn: done });
    if (done.ended !== "returned") break;
    said = said.concat(answered(done));
  }
  return turns;
}

/** The callbacks of one turn, in order, each with the attempt it belongs to. */
export class Trace {
  constructor(attempts, cancelAfter) {
    this.entries = [];
    this.attempts = attempts;
    this.cancelAfter = cancelAfter ?? null;
    this.controller = new AbortController();
  }

  get cancelled() {
    return this.cancelAfter !== null && this.entries.length >= this.cancelAfter;
  }

  /** Fires when the case asks to stop. */
  get signal() {
    return this.controller.signal;
  }

  add(kind, data) {
    const text = typeof data === "string" ? data : data === undefined || data === null ? "" : JSON.stringify(data);
    this.entries.push({ kind, data: text ?? "", attempt: Math.max(0, this.attempts.count - 1) });
    if (this.entries.length === this.cancelAfter) this.controller.abort();
  }
}

/** What a turn adds to the conversation: its output as input items, and an output for every call in it. */
export function answered(turn) {
  const items = turn.items ?? [{ kind: "message", text: turn.text }];
  const results = items
    .filter((item) => RESULTS[item.kind] && item.call_id)
    .map((item) => ({ type: RESULTS[item.kind], call_id: item.call_id, output: "ok" }));
  return items.map(inputItem).filter(Boolean).concat(results);
}

const RESULTS = { function_call: "function_call_output", custom_tool_call: "custom_tool_call_output" };

function inputItem(item) {
  if (item.kind === "message") {
    const parts = [["output_text", "text", item.text], ["refusal", "refusal", item.refusal]];
    const content = parts.filter(([, , text]) => text).map(([type, key, text]) => ({ type, [key]: text }));
    return content.length ? { type: "message", role: "assistant", content } : null;
  }
  if (item.kind === "reasoning" && item.encrypted) {
    const summary = item.summary ? [{ type: "summary_text", text: item.summary }] : [];
    return { type: "reasoning", encrypted_content: item.encrypted, summary };
  }
  if (RESULTS[item.kind] && item.call_id) {
    const payload = item.kind === "function_call" ? "arguments" : "input";
    return { type: item.kind, call_id: item.call_id, name: item.name ?? "", [payload]: item.arguments ?? "" };
  }
  return null;
}

/** The shortest silence the case sets, in ms; undefined when it sets none. */
export function readTimeoutMs(given) {
  const stated = ["read_ms", "idle_ms", "first_byte_ms"].map((key) => given.timeouts?.[key]).filter(Boolean);
  return stated.length ? Math.min(...stated) : undefined;
}

// --- output items -------------------------------------------------------------------------------------------------

export const textOf = (value) => (typeof value === "string" ? value : undefined);

/** Output items as the consumer holds them, in its order; undefined when the output is no list. */
export function itemsOf(output) {
  return Array.isArray(output) ? output.map(itemOf) : undefined;
}

function itemOf(item) {
  const type = textOf(item?.type) ?? "";
  const fields = FIELDS[type] ? FIELDS[type](item) : {};
  const unfinished = ["in_progress", "incomplete"].includes(item?.status) ? { finished: false } : {};
  return compact({ kind: FIELDS[type] ? type : "other", type, id: textOf(item?.id), ...fields, ...unfinished });
}

const FIELDS = {
  message: (item) => ({
    text: joined(item.content, "output_text", "text"),
    refusal: joined(item.content, "refusal", "refusal"),
    phase: textOf(item.phase),
  }),
  reasoning: (item) => ({
    text: joined(item.content, "reasoning_text", "text"),
    summary: joined(item.summary, "summary_text", "text"),
    encrypted: textOf(item.encrypted_content),
  }),
  function_call: (item) => call(item, "arguments"),
  custom_tool_call: (item) => call(item, "input"),
};

function call(item, payload) {
  return { call_id: textOf(item.call_id), name: textOf(item.name), arguments: textOf(item[payload]) };
}

function joined(parts, type, key) {
  if (!Array.isArray(parts)) return undefined;
  const texts = parts.filter((part) => part?.type === type).map((part) => textOf(part[key]) ?? "");
  return texts.length ? texts.join("") : undefined;
}

/** Token counts verbatim, by the wire's names; undefined when the consumer holds none. */
export function usageOf(usage) {
  if (usage === null || usage === undefined) return undefined;
  return compact({
    input: usage.input_tokens,
    output: usage.output_tokens,
    total: usage.total_tokens,
    cached: usage.input_tokens_details?.cached_tokens,
    reasoning: usage.output_tokens_details?.reasoning_tokens,
  });
}

/** Without members that are undefined or null: the outcome's form has no place for them. */
export function compact(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

// --- errors -------------------------------------------------------------------------------------------------------

/** `{ value }` or `{ failure }` of a call. */
export async function attempt(run) {
  try {
    return { value: await run() };
  } catch (error) {
    return { failure: describe(error) };
  }
}

/** What was thrown and its causes, as its user can see them. */
export function describe(thrown) {
  const chain = [];
  const seen = new Set();
  let printable = true;
  for (let error = thrown; error !== undefined && error !== null && !seen.has(error); error = within(error)) {
    seen.add(error);
    let message = "";
    try {
      message = textOf(error.message) ?? String(error);
    } catch (another) {
      printable = false;
      message = `its text could not be produced: ${another?.name}`;
    }
    chain.push(compact({ type: nameOf(error), bases: basesOf(error), message, details: attributes(error) }));
  }
  if (!chain.length) chain.push({ type: String(thrown), message: String(thrown) });
  return printable ? { chain } : { chain, printable };
}

/** What an error says it was made of: its cause, or the last of the errors that were retried. */
function within(error) {
  return error.cause ?? error.lastError;
}

function nameOf(error) {
  return classOf(error) || error?.name || typeof error;
}

/** A class by the name it is exported under: bundlers put an underscore before the one it gives itself. */
function classOf(instance) {
  return instance?.constructor?.name?.replace(/^_/, "");
}

function basesOf(error) {
  const bases = [];
  let prototype = error === Object(error) ? Object.getPrototypeOf(Object.getPrototypeOf(error) ?? null) : null;
  for (; prototype && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    bases.push(classOf(prototype) ?? "");
  }
  // Renamed classes still say their name to those who ask the error itself.
  if (error?.name && error.name !== nameOf(error)) bases.push(error.name);
  return bases;
}

function attributes(error) {
  const found = {};
  for (const name of DETAILS) {
    const value = error?.[name];
    if (value !== undefined && value !== null && typeof value !== "function") found[name] = value;
  }
  return Object.keys(found).length ? asJson(found) : undefined;
}

export function asJson(value) {
  const seen = new WeakSet();
  return JSON.stringify(value, (_, member) => {
    if (typeof member === "bigint") return String(member);
    if (member === Object(member)) {
      if (seen.has(member)) return "[seen above]";
      seen.add(member);
    }
    return member;
  });
}

/** The error and incomplete_details that a returned response carries, as the outcome's `failure`. */
export function attached(result) {
  const found = [result?.error, result?.incomplete_details].filter((value) => value !== undefined && value !== null);
  const cause = (value) => ({
    type: "attached",
    message: textOf(value.message) ?? textOf(value.reason) ?? "",
    details: asJson(value),
  });
  return found.length ? { failure: { chain: found.map(cause) } } : {};
}

// --- the machine --------------------------------------------------------------------------------------------------

/** Count requests to the case's server: a new one is a new attempt. */
function watchRequests(base) {
  const attempts = { count: 0 };
  globalThis.fetch = async (input, init) => {
    const url = typeof input === "string" ? input : (input?.url ?? String(input));
    if (url.startsWith(base)) attempts.count += 1;
    return realFetch(input, init);
  };
  return attempts;
}

const realFetch = globalThis.fetch;

// Refuse every connection that leaves this machine: a consumer's side errands must neither reach anybody nor wait.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const host = options?.host ?? "localhost";
  if (!options?.path && !["localhost", "127.0.0.1", "::1"].includes(host)) {
    process.nextTick(() => this.destroy(Object.assign(new Error(`only loopback is reached from here, not ${host}`), { code: "ECONNREFUSED" })));
    return this;
  }
  return connect.apply(this, given);
};
