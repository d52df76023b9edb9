// The AI SDK (`ai` with `@ai-sdk/openai`), as its documentation shows it: `streamText()`, its stream to the end, then
// its promises.
//
// Mapping to the outcome:
// - ended, failure: `error` parts of the stream are how it raises: each is a `streamText.error`, made of the error in it,
//   whatever that is. Then what iterating or awaiting threw. Else returned.
// - status: its finish reason in the wire's words; `other` stays a word of its own, which claims nothing. The reason
//   content-filter without a raw reason is how it tells of a refusal in a completed response.
// - text: `text`; items: messages are not kept apart there, so only tool calls and reasoning are items.
// - tool calls: `input` is what it parsed, printed again as JSON; where it could not, the text it was given.
// - usage: `usage` by the wire's names. trace: its text, reasoning and tool input deltas; every other part by its type.
// - cancel: its `abortSignal`. Time-outs: its `timeout`; an `abort` part that nobody asked for is a `streamText.abort`.
// - retries: its own (`maxRetries` at its default), with its own back-off.
//
// Other lanes: `provider` is the same way in, numbered by the releases of `@ai-sdk/openai`. `hooks` gives `streamText()`
// an `onError` of the user's that throws, leaves errors to it, and attaches what it was told. `object` is
// `streamObject()` without a schema: its partial objects, then its `object`. What that is depends on the text being
// JSON, so nothing of it is compared; only errors and time are.

import { createOpenAI } from "@ai-sdk/openai";
import { jsonSchema, streamObject, streamText, tool } from "ai";
import * as driver from "./_driver.mjs";

const STATUS = {
  stop: "completed",
  "tool-calls": "completed",
  length: "incomplete",
  "content-filter": "incomplete",
  error: "failed",
};

const QUIET = { onError() {} };
const LANES = {
  text: { package: "ai", call: (asked, trace, told) => text({ ...asked, ...QUIET }, trace, told) },
  provider: { package: "@ai-sdk/openai", call: (asked, trace, told) => text({ ...asked, ...QUIET }, trace, told) },
  hooks: { package: "ai", call: hooked },
  object: { package: "ai", call: object },
};
const name = process.argv[2] ?? "text";
const lane = LANES[name];

await driver.serve(lane.package, name, async (given) => {
  const provider = createOpenAI({ baseURL: given.base_url, apiKey: "test" });
  return {
    async turn(said, trace) {
      const asked = {
        model: provider.responses("gpt-5"),
        messages: messagesOf(said),
        tools: toolsOf(given.tools),
        abortSignal: trace.signal,
        timeout: timeoutOf(given.timeouts ?? {}),
      };
      const told = [];
      const { value, failure } = await driver.attempt(() => lane.call(asked, trace, told));
      const chain = [...told, ...(failure?.chain ?? [])];
      if (trace.cancelled) return { ended: "cancelled" };
      return chain.length ? { ended: "raised", failure: { ...failure, chain } } : { ended: "returned", ...driver.compact(value) };
    },
  };
});

/** Errors are for the hook, which fails at them; the stream is read to its end, and what the hook was told is told. */
async function hooked(asked, trace) {
  let met;
  const onError = ({ error }) => {
    met = error;
    throw new Error("the hook of the user's own failed");
  };
  const value = await text({ ...asked, onError }, trace, []);
  return met === undefined ? value : { ...value, failure: driver.describe(met) };
}

async function object({ tools, ...asked }, trace) {
  const result = streamObject({ ...asked, ...QUIET, output: "no-schema" });
  for await (const part of result.partialObjectStream) trace.add("event", part);
  await result.object;
  return {};
}

/** The whole answer; errors that are told on the way go to `told`. */
async function text(asked, trace, told) {
  const result = streamText(asked);
  for await (const part of result.stream) {
    record(trace, part);
    if (part.type === "error") told.push(...raised(part.error));
    if (part.type === "abort") told.push({ type: "streamText.abort", message: String(part.reason ?? "") });
  }
  const reason = await result.finishReason;
  const usage = await result.usage;
  return {
    ...claim(reason, await result.rawFinishReason),
    text: await result.text,
    items: (await result.content).map(itemOf).filter(Boolean),
    usage: driver.compact({
      input: usage.inputTokens,
      output: usage.outputTokens,
      total: usage.totalTokens,
      cached: usage.inputTokenDetails?.cacheReadTokens,
      reasoning: usage.outputTokenDetails?.reasoningTokens,
    }),
  };
}

function raised(error) {
  const { chain } = driver.describe(error);
  return [{ type: "streamText.error", message: `${chain[0].type}: ${chain[0].message}` }, ...chain];
}

function claim(reason, raw) {
  if (reason === "content-filter" && raw === undefined) return { status: "completed", flags: ["refused"] };
  return { status: STATUS[reason] ?? reason };
}

function timeoutOf({ first_byte_ms, idle_ms, read_ms, total_ms }) {
  const silence = idle_ms ?? read_ms;
  return driver.compact({ firstChunkMs: first_byte_ms ?? silence, chunkMs: silence, totalMs: total_ms });
}

function record(trace, part) {
  if (part.type === "text-delta") trace.add("text", part.text);
  else if (part.type === "reasoning-delta") trace.add("reasoning", part.text);
  else if (part.type === "tool-input-delta") trace.add("arguments", part.delta);
  else trace.add("event", part.type);
}

function itemOf(part) {
  if (part.type === "reasoning") return { kind: "reasoning", type: "reasoning", summary: part.text };
  if (part.type !== "tool-call" || part.providerExecuted) return null;
  const given = typeof part.input === "string" ? part.input : JSON.stringify(part.input);
  return driver.compact({
    kind: "function_call",
    type: "tool-call",
    call_id: part.toolCallId,
    name: part.toolName,
    arguments: given,
  });
}

function toolsOf(stated) {
  const functions = (stated ?? []).filter((spec) => spec.type === "function");
  const made = functions.map((spec) => [
    spec.name,
    tool({ description: spec.description, inputSchema: jsonSchema(spec.parameters ?? { type: "object" }) }),
  ]);
  return made.length ? Object.fromEntries(made) : undefined;
}

/** Responses input items as the SDK's own messages. */
function messagesOf(said) {
  const names = new Map(said.filter((item) => item.call_id && item.name).map((item) => [item.call_id, item.name]));
  return said.flatMap((item) => messageOf(item, names));
}

function messageOf(item, names) {
  if (item.type === "function_call") {
    const part = { type: "tool-call", toolCallId: item.call_id, toolName: item.name, input: parsed(item.arguments) };
    return [{ role: "assistant", content: [part] }];
  }
  if (item.type === "function_call_output") {
    const output = { type: "text", value: String(item.output) };
    const part = { type: "tool-result", toolCallId: item.call_id, toolName: names.get(item.call_id) ?? "", output };
    return [{ role: "tool", content: [part] }];
  }
  if (!item.role) return [];
  const role = item.role === "developer" ? "system" : item.role;
  const parts = typeof item.content === "string" ? [{ text: item.content }] : item.content;
  return [{ role, content: parts.map((part) => part.text ?? part.refusal ?? "").join("\n") }];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
