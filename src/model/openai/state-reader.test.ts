import { describe, expect, it } from "vitest";
import type { ModelEvent } from "../model.ts";
import { AnswerReader } from "./answer-reader.ts";

/** What comes of these deltas, and of a call and an end behind them. */
function read(deltas: readonly object[]): { state: unknown; events: ModelEvent[] } {
  const events: ModelEvent[] = [];
  const reader = new AnswerReader((event) => events.push(event));
  for (const delta of deltas) reader.read({ choices: [{ delta }] });
  reader.read({ choices: [{ delta: { content: "ok" }, finish_reason: "stop" }] });
  return { state: reader.end().state, events };
}

const entry = { type: "reasoning.text", format: "anthropic-claude-v1", index: 0 };
const data = { type: "reasoning.encrypted", data: "x", index: 0 };

describe("what a server wants back", () => {
  it.each<[what: string, deltas: object[], want: object | undefined]>([
    ["nothing", [{ content: "hi", reasoning_content: null, reasoning_details: null, extra_content: null }], undefined],
    ["reasoning", [{ reasoning_content: "a" }, { reasoning_content: "b" }], { reasoningField: "reasoning_content" }],
    ["reasoning under its other name", [{ reasoning: "a" }, { reasoning: "b" }], { reasoningField: "reasoning" }],
    ["the first of two names", [{ reasoning_content: "a", reasoning: "a" }], { reasoningField: "reasoning_content" }],
    [
      "an empty text beside the other name",
      [{ reasoning_content: "", reasoning: "a" }],
      { reasoningField: "reasoning" },
    ],
    ["that it has thought nothing", [{ reasoning_content: "" }], { reasoningField: "reasoning_content" }],
    [
      "a text in pieces, and its signature behind it",
      [
        { reasoning_details: [{ ...entry, text: "Let" }] },
        { reasoning_details: [{ ...entry, text: " me", signature: null }] },
        { reasoning_details: [{ ...entry, signature: "c2k=" }] },
      ],
      { details: [{ ...entry, text: "Let me", signature: "c2k=" }] },
    ],
    [
      "entries of one list, whatever their index",
      [{ reasoning_details: [{ ...entry, text: "a" }, { ...entry, text: "b" }, data] }],
      { details: [{ ...entry, text: "a" }, { ...entry, text: "b" }, data] },
    ],
    [
      "entries with ids of their own",
      [
        { reasoning_details: [{ ...entry, id: "1", text: "a" }] },
        { reasoning_details: [{ ...entry, id: "2", text: "b" }] },
      ],
      {
        details: [
          { ...entry, id: "1", text: "a" },
          { ...entry, id: "2", text: "b" },
        ],
      },
    ],
    [
      "encrypted entries, each whole",
      [{ reasoning_details: [data] }, { reasoning_details: [data] }],
      { details: [data, data] },
    ],
    [
      "entries without an index, each by itself",
      [{ reasoning_details: [{ type: "reasoning.text", text: "a" }] }, { reasoning_details: [{ type: "x" }] }],
      { details: [{ type: "reasoning.text", text: "a" }, { type: "x" }] },
    ],
    [
      "extra content",
      [{ extra_content: { a: 1 } }, { extra_content: {} }, { extra_content: { b: 2 } }],
      { extra: { a: 1, b: 2 } },
    ],
    [
      "blocks in pieces, and whole ones",
      [
        { thinking_blocks: [{ type: "thinking", thinking: "Let", signature: "" }] },
        { thinking_blocks: [{ type: "thinking", thinking: " me", signature: null }] },
        { thinking_blocks: [{ type: "thinking", thinking: "", signature: "c2k=" }] },
        { thinking_blocks: [{ type: "redacted_thinking", data: "x" }] },
        { thinking_blocks: [{ type: "thinking", thinking: "b", signature: "cw==" }] },
      ],
      {
        thinkingBlocks: [
          { type: "thinking", thinking: "Let me", signature: "c2k=" },
          { type: "redacted_thinking", data: "x" },
          { type: "thinking", thinking: "b", signature: "cw==" },
        ],
      },
    ],
    [
      "what makes no sense",
      [{ reasoning_content: 1, reasoning_details: "x", extra_content: [1] }, { reasoning_details: [null, 1] }],
      { details: [], extra: undefined },
    ],
  ])("is kept: %s", (_, deltas, want) => {
    const { state } = read(deltas);
    if (want === undefined) expect(state).toBeUndefined();
    else expect(state).toMatchObject(want);
  });

  it("is known with the call that it belongs to, and what comes later at the end", () => {
    const call = { index: 0, id: "c1", function: { name: "go", arguments: "{}" } };
    const { state, events } = read([
      { tool_calls: [{ ...call, extra_content: { a: 1 } }] },
      { tool_calls: [{ index: 0, extra_content: { b: 2 } }] },
    ]);
    expect(events[0]).toMatchObject({ type: "tool-call-start", extra: { a: 1 } });
    expect(state).toMatchObject({ callExtras: new Map([[0, { a: 1, b: 2 }]]) });
  });
});
