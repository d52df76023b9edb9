// The AI SDK (`ai` with `@ai-sdk/openai`), as its documentation shows it: `streamText()`, its full stream, then its
// promises.
//
// Mapping to the outcome:
// - ended, failure: what iterating or awaiting threw; an `error` part of the stream is an error its user gets as well.
// - status: its finish reason in the wire's words; `other` and `unknown` are no claim of completion, and flagged. The
//   reason content-filter without a raw reason is how it tells of a refusal in a completed response.
// - text: `text`; items: messages are not kept apart there, so only tool calls and reasoning are items.
// - tool calls: `input` is what it parsed, printed again as JSON; where it could not, the text it was given.
// - usage: `usage` by the wire's names. trace: its text, reasoning and tool input deltas; every other part by its type.
// - cancel: its `abortSignal`. Time-outs: an abort signal is all it offers, so none are set.
// - retries: its own (`maxRetries` at its default), with its own back-off.

import { createOpenAI } from "@ai-sdk/openai";
import { jsonSchema, streamText, tool } from "ai";
import * as driver from "./_driver.mjs";

const STATUS = {
  stop: "completed",
  "tool-calls": "completed",
  length: "incomplete",
  "content-filter": "incomplete",
  error: "failed",
};

await driver.serve("ai", "streamText", async (given) => {
  const provider = createOpenAI({ baseURL: given.base_url, apiKey: "test" });
  return {
    async turn(said, trace) {
      const { value, failure } = await driver.attempt(() => call(provider, given, said, trace));
      if (failure) return { ended: trace.cancelled ? "cancelled" : "raised", failure };
      return value === null ? { ended: "cancelled" } : { ended: "returned", ...driver.compact(value) };
    },
  };
});

async function call(provider, given, said, trace) {
  const result = streamText({
    model: provider.responses("gpt-5"),
    messages: messagesOf(said),
    tools: toolsOf(given.tools),
    abortSignal: trace.signal,
    onError() {},
  });
  for await (const part of result.fullStream) {
    if (part.type === "error") throw part.error;
    record(trace, part);
    if (part.type === "abort") return null;
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

function claim(reason, raw) {
  if (reason === "content-filter" && raw === undefined) return { status: "completed", flags: ["refused"] };
  return STATUS[reason] ? { status: STATUS[reason] } : { flags: [`finish reason ${reason}`] };
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
