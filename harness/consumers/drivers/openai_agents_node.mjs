// The OpenAI Agents SDK for Node: one streamed run of one agent, as its documentation shows it.
//
// Mapping to the outcome:
// - a turn is one model response: the agent stops when its tools have answered (`stop_on_first_tool`), and the next
//   turn starts with the whole conversation, as a program around it would go on.
// - ended, failure: what `run()`, the iteration or `completed` threw, or the stream's own `error`; else returned.
// - items: `output` of the last raw response, which it has converted to its own item types; none when there is none.
//   What its reasoning items have no member for, the text and what is encrypted, is in their `providerData`.
// - text: `finalOutput` unless a tool answered, for then it is the tool's answer.
// - status: it claims none. usage: that of the last raw response, zeros where none was stated.
// - trace: `output_text_delta` of its raw model events; every other event by its name.
// - cancel: its abort signal. Time-outs: the client's. Retries: those of the openai client below.

import { Agent, OpenAIResponsesModel, run, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import * as driver from "./_driver.mjs";

setTracingDisabled(true);

async function call(agent, said, trace) {
  const result = await run(agent, said.map(inputOf).filter(Boolean), { stream: true, signal: trace.signal });
  for await (const event of result) record(trace, event);
  await result.completed;
  if (result.error) throw result.error;
  if (trace.cancelled) return null;
  const response = result.rawResponses.at(-1);
  const items = (response?.output ?? []).map(itemOf);
  const called = items.some((item) => item.kind === "function_call");
  return {
    items,
    text: called ? undefined : driver.textOf(result.finalOutput),
    usage: usageOf(response?.usage),
  };
}

function record(trace, event) {
  if (event.type !== "raw_model_stream_event") trace.add("event", event.name ?? event.type);
  else if (event.data.type === "output_text_delta") trace.add("text", event.data.delta);
  else trace.add("event", event.data.type === "model" ? event.data.event?.type : event.data.type);
}

const KINDS = { message: "message", function_call: "function_call", reasoning: "reasoning" };

function itemOf(item) {
  const kind = KINDS[item.type] ?? "other";
  const texts = (type, key, parts = item.content) => {
    const found = (Array.isArray(parts) ? parts : []).filter((part) => part.type === type);
    return found.length ? found.map((part) => part[key] ?? "").join("") : undefined;
  };
  const fields = {
    message: () => ({ text: texts("output_text", "text"), refusal: texts("refusal", "refusal"), phase: driver.textOf(item.phase) }),
    function_call: () => ({ call_id: item.callId, name: item.name, arguments: driver.textOf(item.arguments) }),
    reasoning: () => ({
      text: texts("reasoning_text", "text", item.rawContent ?? item.providerData?.content),
      summary: texts("input_text", "text"),
      encrypted: driver.textOf(item.providerData?.encrypted_content),
    }),
    other: () => ({}),
  };
  const unfinished = ["in_progress", "incomplete"].includes(item.status) ? { finished: false } : {};
  return driver.compact({ kind, type: item.type, id: driver.textOf(item.id), ...fields[kind](), ...unfinished });
}

function usageOf(usage) {
  if (!usage) return undefined;
  const sum = (details, key) => {
    const found = [details].flat().map((entry) => entry?.[key]).filter((value) => value !== undefined);
    return found.length ? found[0] : undefined;
  };
  return driver.compact({
    input: usage.inputTokens,
    output: usage.outputTokens,
    total: usage.totalTokens,
    cached: sum(usage.inputTokensDetails, "cached_tokens"),
    reasoning: sum(usage.outputTokensDetails, "reasoning_tokens"),
  });
}

function toolsOf(stated) {
  return (stated ?? [])
    .filter((spec) => spec.type === "function")
    .map((spec) =>
      tool({
        name: spec.name,
        description: spec.description ?? spec.name,
        parameters: { type: "object", properties: {}, additionalProperties: true, ...(spec.parameters ?? {}) },
        strict: false,
        execute: async () => "ok",
      }),
    );
}

/** Responses input items in the SDK's own words. */
function inputOf(item) {
  if (item.type === "function_call") {
    return { type: "function_call", callId: item.call_id, name: item.name, arguments: item.arguments };
  }
  if (item.type === "function_call_output") {
    const output = { type: "text", text: String(item.output) };
    return { type: "function_call_result", callId: item.call_id, name: "", status: "completed", output };
  }
  if (!item.role) return null;
  const text = typeof item.content === "string" ? item.content : item.content.map((part) => part.text ?? "").join("\n");
  if (item.role !== "assistant") return { role: item.role === "developer" ? "system" : item.role, content: text };
  return { role: "assistant", status: "completed", content: [{ type: "output_text", text }] };
}

await driver.serve("@openai/agents", "run", async (given) => {
  const client = new OpenAI({ baseURL: given.base_url, apiKey: "test", timeout: driver.readTimeoutMs(given) });
  const agent = new Agent({
    name: "assistant",
    model: new OpenAIResponsesModel(client, "gpt-5"),
    toolUseBehavior: "stop_on_first_tool",
    tools: toolsOf(given.tools),
  });
  return {
    async turn(said, trace) {
      const { value, failure } = await driver.attempt(() => call(agent, said, trace));
      if (failure) return { ended: trace.cancelled ? "cancelled" : "raised", failure };
      return value === null ? { ended: "cancelled" } : { ended: "returned", ...driver.compact(value) };
    },
  };
});
