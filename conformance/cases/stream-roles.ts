import { defineCases } from "../case.ts";
import { eachChoice, eachDelta, isFinish, toDeltas, without } from "../self-test/edit.ts";
import type { Change, Chunk, ProxiedCall } from "../self-test/mutant.ts";
import { expectRules, expectRulesOfCall } from "./stream-reading.ts";
import { chunkSchema } from "./stream.ts";

const hasRole = (chunk: Chunk): boolean => toDeltas(chunk).some((delta) => "role" in delta);

export const streamRoleCases = defineCases([
  {
    id: "SS-11",
    level: "MUST",
    requirement: '`delta.role: "assistant"` comes in the first chunk of each choice, tool calls included.',
    source:
      'SDK 4–7: without it `.stream()` throws "missing role for choice 0"; tensorzero/tensorzero#1265, maximhq/bifrost#6523 (LangChain loses tool calls)',
    faults: [
      {
        id: "role-missing",
        what: 'No delta has a role: `.stream()` throws "missing role for choice 0".',
        chunk: (chunk) => eachDelta(chunk, (delta) => without(delta, "role")),
      },
      {
        id: "role-chunk-dropped-for-calls",
        what: "A stream of tool calls begins without a role: LangChain loses the calls, maximhq/bifrost#6523.",
        chunk: (chunk, _index, call) => (hasRole(chunk) && Array.isArray(call.body?.["tools"]) ? undefined : chunk),
      },
    ],
    async run(context) {
      await expectRules(context, "role-first");
      await expectRulesOfCall(context, "role-first");
    },
  },
  {
    id: "SS-12",
    level: "SHOULD",
    requirement: "The role comes once for each choice: later deltas leave it out, and it is never empty or null.",
    source:
      "langchain-ai/langchainjs#11468, langchain-ai/langchain#21897, MiniMax-AI/MiniMax-M2.5#2 (an exception, or tool calls dropped)",
    faults: [
      {
        id: "role-in-every-chunk",
        what: "Every delta has the role.",
        chunk: (chunk) => eachDelta(chunk, (delta) => ({ role: "assistant", ...delta })),
      },
      {
        id: "role-empty-later",
        what: "Later deltas have an empty role: MiniMax-AI/MiniMax-M2.5#2.",
        chunk: (chunk) => eachDelta(chunk, (delta) => ({ role: "", ...delta })),
      },
      {
        id: "role-null-later-for-calls",
        what: "Deltas of tool calls have `role: null`: langchain-ai/langchainjs#11468.",
        chunk: (chunk) => eachDelta(chunk, (delta) => ("tool_calls" in delta ? { ...delta, role: null } : delta)),
      },
    ],
    async run(context) {
      await expectRules(context, "role-once");
      await expectRulesOfCall(context, "role-once");
    },
  },
  {
    id: "SS-13",
    level: "MUST",
    requirement: "Exactly one chunk of each choice has a finish reason.",
    source:
      'SDK 4–7: without one `.stream()` throws "missing finish_reason for choice 0"; openai/openai-node#1292, openclaw/openclaw#23013, earendil-works/pi#4558',
    finds: ["chunk-fields-camel-case"],
    faults: [
      {
        id: "finish-missing",
        what: "No chunk has a finish reason: `.stream()` throws, openai/openai-node#1292.",
        chunk: (chunk) => (isFinish(chunk) ? undefined : chunk),
      },
      {
        id: "finish-missing-for-calls",
        what: "A stream of tool calls ends without a finish reason.",
        chunk: (chunk, _index, call) => (isFinish(chunk) && call.body?.["tools"] ? undefined : chunk),
      },
      {
        id: "finish-twice",
        what: "Two chunks have the finish reason.",
        chunk: (chunk) => (isFinish(chunk) ? [chunk, chunk] : chunk),
      },
      {
        id: "finish-on-every-chunk",
        what: "Every chunk says `stop`, and clients stop after the first word: su-kaka/gcli2api#403.",
        chunk: (chunk) => eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })),
      },
    ],
    async run(context) {
      await expectRules(context, "finish-once");
      await expectRulesOfCall(context, "finish-once");
    },
  },
  {
    id: "SS-14",
    level: "MUST",
    requirement: "`finish_reason` is null or one of OpenAI's five values, never an empty string.",
    source: `${chunkSchema}.choices[].finish_reason; ollama/ollama#4357, sgl-project/sglang#3912`,
    finds: ["finish-empty-until-end", "finish-eos"],
    run: (context) => expectRules(context, "finish-value"),
  },
  {
    id: "SS-15",
    level: "SHOULD",
    requirement: "The chunk with the finish reason says nothing else: no text, refusal or tool call beside it.",
    source: "OpenAI's own streams; clients that stop at the finish reason lose the rest; openclaw/openclaw#115718",
    finds: ["finish-on-every-chunk"],
    faults: [
      {
        id: "finish-with-last-words",
        what: "The last words stand beside the finish reason.",
        chunk: holdLast((held, finish) => [eachDelta(finish, (delta) => ({ ...toDeltas(held)[0], ...delta }))]),
      },
    ],
    async run(context) {
      await expectRules(context, "finish-empty");
      await expectRulesOfCall(context, "finish-empty");
    },
  },
  {
    id: "SS-16",
    level: "MUST",
    requirement: "Nothing is said in a choice after its finish reason.",
    source:
      "SDK 4–7: `content.done` fires at the finish reason, so text behind it is missing there; su-kaka/gcli2api#403",
    finds: ["finish-on-every-chunk"],
    faults: [
      {
        id: "finish-before-last-words",
        what: "The last words come after the finish reason: clients that stop there lose them.",
        chunk: holdLast((held, finish) => [finish, held]),
      },
    ],
    async run(context) {
      await expectRules(context, "after-finish");
      await expectRulesOfCall(context, "after-finish");
    },
  },
]);

/** Holds each delta back until the next chunk; what the last of them and the finish chunk become says `join`. */
function holdLast(join: (held: Chunk, finish: Chunk) => Chunk[]): NonNullable<Change["chunk"]> {
  const kept = new WeakMap<ProxiedCall, Chunk>();
  return (chunk, _index, call) => {
    const held = kept.get(call);
    kept.delete(call);
    if (isFinish(chunk)) return held === undefined ? chunk : join(held, chunk);
    if (toDeltas(chunk).length === 0) return held === undefined ? chunk : [held, chunk];
    kept.set(call, chunk);
    return held;
  };
}
