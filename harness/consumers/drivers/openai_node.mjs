// The openai SDK for Node, in two lanes, each as its README shows it.
//
// `create`: `for await (const event of await client.responses.create({ stream: true }))`. The loop assembles nothing.
// `stream`: `client.responses.stream()`, iterated, then `finalResponse()`.
//
// Mapping to the outcome:
// - ended, failure: what creating, iterating or finalResponse() threw first; else returned.
// - status, items, usage: `status`, `output` and `usage` of the final response; text: its `output_text`.
// - trace: deltas as they are yielded; every other event by its type (`create`: whole events, as they are).
// - cancel: `abort()` of the stream (`create`: breaking out of the loop), as its user would.
// - time-outs: the client's `timeout`; retries are the SDK's own, with its own back-off.

import OpenAI from "openai";
import * as driver from "./_driver.mjs";

const DELTAS = {
  "response.output_text.delta": "text",
  "response.refusal.delta": "refusal",
  "response.function_call_arguments.delta": "arguments",
  "response.custom_tool_call_input.delta": "arguments",
  "response.reasoning_text.delta": "reasoning",
  "response.reasoning_summary_text.delta": "reasoning",
};

const LANES = { create, stream };

async function create(client, request, trace) {
  for await (const event of await client.responses.create({ ...request, stream: true })) {
    trace.add("event", event);
    if (trace.cancelled) return null;
  }
  return {};
}

async function stream(client, request, trace) {
  const helper = client.responses.stream(request);
  for await (const event of helper) {
    if (DELTAS[event.type]) trace.add(DELTAS[event.type], event.delta);
    else trace.add("event", event.type);
    if (trace.cancelled) {
      helper.abort();
      return null;
    }
  }
  const final = await helper.finalResponse();
  return {
    status: driver.textOf(final.status),
    items: driver.itemsOf(final.output),
    text: driver.textOf(final.output_text),
    usage: driver.usageOf(final.usage),
    ...driver.attached(final),
  };
}

const lane = process.argv[2];

await driver.serve("openai", lane, async (given) => {
  const client = new OpenAI({ baseURL: given.base_url, apiKey: "test", timeout: driver.readTimeoutMs(given) });
  const tools = given.tools?.length ? { tools: given.tools } : {};
  return {
    async turn(said, trace) {
      const { value, failure } = await driver.attempt(() =>
        LANES[lane](client, { model: "gpt-5", input: said, ...tools }, trace),
      );
      if (failure) return { ended: "raised", failure };
      return value === null ? { ended: "cancelled" } : { ended: "returned", ...driver.compact(value) };
    },
  };
});
