import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../base/contract.ts";
import { reconcile, separateInstructions } from "./reconcile.ts";
import { isSameMessage } from "./same-message.ts";

const u = (content: string): Message => ({ role: "user", content });
const a = (content: string): Message => ({ role: "assistant", content });
const calls: Message = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "call_1", type: "function", function: { name: "add", arguments: "{}" } }],
};
const result: Message = { role: "tool", tool_call_id: "call_1", content: "3" };

interface Case {
  readonly what: string;
  readonly stored: readonly Message[];
  readonly incoming: readonly Message[];
  readonly keep: number;
  readonly fresh: readonly Message[];
}

const cases: readonly Case[] = [
  { what: "a first message", stored: [], incoming: [u("1")], keep: 0, fresh: [u("1")] },
  { what: "only the next message", stored: [u("1"), a("1")], incoming: [u("2")], keep: 2, fresh: [u("2")] },
  {
    what: "the whole conversation",
    stored: [u("1"), a("1")],
    incoming: [u("1"), a("1"), u("2")],
    keep: 2,
    fresh: [u("2")],
  },
  {
    what: "an edited question",
    stored: [u("1"), a("1"), u("2"), a("2")],
    incoming: [u("1"), a("1"), u("2b")],
    keep: 2,
    fresh: [u("2b")],
  },
  {
    what: "a wish for another answer",
    stored: [u("1"), a("1"), u("2"), a("2")],
    incoming: [u("1"), a("1"), u("2")],
    keep: 3,
    fresh: [],
  },
  {
    what: "another conversation",
    stored: [u("1"), a("1")],
    incoming: [u("x"), a("y"), u("z")],
    keep: 0,
    fresh: [u("x"), a("y"), u("z")],
  },
  { what: "only the results of tools", stored: [u("1"), calls], incoming: [result], keep: 2, fresh: [result] },
  {
    what: "the results of tools with the call",
    stored: [u("1"), calls],
    incoming: [u("1"), calls, result],
    keep: 2,
    fresh: [result],
  },
  {
    what: "the results of tools with the answer that called them",
    stored: [u("1"), calls],
    incoming: [calls, result, u("2")],
    keep: 2,
    fresh: [result, u("2")],
  },
  {
    what: "a round of tools told again",
    stored: [u("1"), calls, result, a("3"), u("4")],
    incoming: [calls, result],
    keep: 3,
    fresh: [],
  },
  {
    what: "a round of tools that the transcript does not have",
    stored: [u("1"), a("1")],
    incoming: [calls, result],
    keep: 0,
    fresh: [calls, result],
  },
  {
    what: "a conversation that is cut before a call",
    stored: [u("1"), calls, result, a("3")],
    incoming: [calls, result, a("3"), u("4")],
    keep: 0,
    fresh: [calls, result, a("3"), u("4")],
  },
  {
    what: "the question again, whose turn failed",
    stored: [],
    incoming: [u("1"), u("1")],
    keep: 0,
    fresh: [u("1"), u("1")],
  },
  { what: "nothing new", stored: [u("1"), a("1")], incoming: [u("1"), a("1")], keep: 2, fresh: [] },
  { what: "nothing but instructions", stored: [u("1"), a("1")], incoming: [], keep: 2, fresh: [] },
];

// Few different texts, so that prefixes agree often.
const message = fc.oneof(
  fc.constantFrom("1", "2").map(u),
  fc.constantFrom("1", "2").map(a),
  fc.constantFrom(calls, result),
);
const conversation = fc.array(message, { maxLength: 8 });
const pair = fc.oneof(
  fc.tuple(conversation, conversation),
  fc.tuple(conversation, conversation).map(([stored, tail]) => [stored, [...stored, ...tail]] as const),
);

function conversationOf(stored: readonly Message[], incoming: readonly Message[], always = false): readonly Message[] {
  const { keep, fresh } = reconcile(stored, incoming, always);
  return [...stored.slice(0, keep), ...fresh];
}

describe("reconcile", () => {
  test.each(cases)("understands $what", ({ stored, incoming, keep, fresh }) => {
    expect(reconcile(stored, incoming, false)).toEqual({ keep, fresh });
  });

  test("gives what the client told if it told an answer, else everything stored and then the news", () => {
    fc.assert(
      fc.property(pair, ([stored, incoming]) => {
        fc.pre(!isRound(stored, incoming));
        const tellsAnswer = incoming.some(({ role }) => role === "assistant");
        expect(conversationOf(stored, incoming)).toEqual(tellsAnswer ? incoming : [...stored, ...incoming]);
      }),
    );
  });

  test("gives what stands before a round of tools, then the round, where the client tells that alone", () => {
    fc.assert(
      fc.property(conversation, conversation, (before, after) => {
        const stored = [...before, calls, ...after];
        const place = stored.findLastIndex((one) => isSameMessage(one, calls));
        expect(conversationOf(stored, [calls, result])).toEqual([...stored.slice(0, place), calls, result]);
      }),
    );
  });

  test("gives what the client told in any case if it always tells the whole conversation", () => {
    fc.assert(
      fc.property(pair, ([stored, incoming]) => {
        const isConversation = incoming.some(({ role }) => role === "assistant" || role === "user");
        expect(conversationOf(stored, incoming, true)).toEqual(isConversation ? incoming : [...stored, ...incoming]);
      }),
    );
  });

  test("keeps as much as agrees, so that no message is stored twice", () => {
    fc.assert(
      fc.property(pair, ([stored, incoming]) => {
        const { keep, fresh } = reconcile(stored, incoming, false);
        const kept = stored[keep];
        if (kept !== undefined && fresh.length > 0) expect(fresh[0]).not.toEqual(kept);
      }),
    );
  });

  test("finds nothing new in its own result", () => {
    fc.assert(
      fc.property(pair, ([stored, incoming]) => {
        const known = conversationOf(stored, incoming);
        fc.pre(known.some(({ role }) => role === "assistant"));
        expect(reconcile(known, known, false)).toEqual({ keep: known.length, fresh: [] });
      }),
    );
  });
});

test("separateInstructions takes system and developer messages out, wherever they stand", () => {
  const system: Message = { role: "system", content: "s" };
  const developer: Message = { role: "developer", content: "d" };
  expect(separateInstructions([system, u("1"), developer, a("1")])).toEqual({
    instructions: [system, developer],
    conversation: [u("1"), a("1")],
  });
});

/** An answer that the session has, with calls, and their results: see `reconcile`. */
function isRound(stored: readonly Message[], [called, ...others]: readonly Message[]): boolean {
  if (called?.role !== "assistant" || !called.tool_calls?.length || others[0]?.role !== "tool") return false;
  return !others.some(({ role }) => role === "assistant") && stored.some((one) => isSameMessage(one, called));
}
