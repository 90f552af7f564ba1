import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AssistantMessage, Message, ToolCall } from "../base/contract.ts";
import { reconcile } from "./reconcile.ts";
import type { StoredMessage } from "./store.ts";
import { toVisible } from "./visible.ts";

const u = (content: string): Message => ({ role: "user", content });
const a = (content: string | null, ...ids: readonly string[]): AssistantMessage => ({
  role: "assistant",
  content,
  ...(ids.length > 0 ? { tool_calls: ids.map(toCall) } : {}),
});
const mine = (id: string): StoredMessage => ({ role: "tool", tool_call_id: id, content: "3", origin: "server" });
const theirs = (id: string): Message => ({ role: "tool", tool_call_id: id, content: "4" });

function toCall(id: string): ToolCall {
  return { id, type: "function", function: { name: "add", arguments: "{}" } };
}

interface Case {
  readonly what: string;
  readonly stored: readonly StoredMessage[];
  readonly want: readonly (readonly [message: Message, end: number])[];
}

const cases: readonly Case[] = [
  { what: "nothing", stored: [], want: [] },
  {
    what: "what has no hidden steps as it is",
    stored: [u("1"), a(null, "x"), theirs("x"), a("2")],
    want: [
      [u("1"), 1],
      [a(null, "x"), 2],
      [theirs("x"), 3],
      [a("2"), 4],
    ],
  },
  {
    what: "one step and the answer as one answer",
    stored: [u("1"), a("Let me see. ", "x"), mine("x"), a("It is 3.")],
    want: [
      [u("1"), 1],
      [a("Let me see. It is 3."), 4],
    ],
  },
  {
    what: "several steps, silent ones too",
    stored: [u("1"), a(null, "x", "y"), mine("x"), mine("y"), a("a", "x"), mine("x"), a(""), u("2"), a("3")],
    want: [
      [u("1"), 1],
      [a("a"), 7],
      [u("2"), 8],
      [a("3"), 9],
    ],
  },
  {
    what: "an answer with calls for both, and what follows it",
    stored: [u("1"), a("a", "x"), mine("x"), a(" b", "y", "z"), mine("y"), theirs("z"), a("c")],
    want: [
      [u("1"), 1],
      [a("a b", "z"), 5],
      [theirs("z"), 6],
      [a("c"), 7],
    ],
  },
  {
    what: "silence with a client's call as null",
    stored: [u("1"), a("", "x"), mine("x"), a(null, "y")],
    want: [
      [u("1"), 1],
      [a(null, "y"), 4],
    ],
  },
  {
    what: "silence without a call as empty",
    stored: [u("1"), a(null, "x"), mine("x"), a(null)],
    want: [
      [u("1"), 1],
      [a(""), 4],
    ],
  },
  {
    what: "a refusal behind a step",
    stored: [a(null, "x"), mine("x"), { role: "assistant", content: null, refusal: "No." }],
    want: [[{ role: "assistant", content: null, refusal: "No." }, 3]],
  },
  {
    what: "an id that a later call for the client has again",
    stored: [a(null, "x"), mine("x"), a("a"), u("1"), a(null, "x"), theirs("x")],
    want: [
      [a("a"), 3],
      [u("1"), 4],
      [a(null, "x"), 5],
      [theirs("x"), 6],
    ],
  },
  {
    what: "an answer with calls for both, though another one follows at once",
    stored: [u("1"), a("a", "x", "y"), mine("x"), a("b")],
    want: [
      [u("1"), 1],
      [a("a", "y"), 3],
      [a("b"), 4],
    ],
  },
  {
    what: "two answers to one question as two",
    stored: [u("1"), a("a", "x"), mine("x"), a("b"), a("c", "x"), mine("x"), a("d")],
    want: [
      [u("1"), 1],
      [a("ab"), 4],
      [a("cd"), 7],
    ],
  },
  {
    what: "steps of a run that said nothing more",
    stored: [a("a", "x"), mine("x"), u("1")],
    want: [
      [a("a"), 2],
      [u("1"), 3],
    ],
  },
  { what: "a result without a call as part of what is before", stored: [u("1"), mine("x")], want: [[u("1"), 2]] },
  { what: "a result before everything as nothing", stored: [mine("x"), u("1")], want: [[u("1"), 2]] },
];

describe("toVisible", () => {
  test.each(cases)("shows $what", ({ stored, want }) => {
    expect(toVisible(stored)).toEqual(want.map(([message, end]) => ({ message, end })));
  });

  test("leaves a transcript without hidden steps as it is, message for message", () => {
    const stored = [u("1"), a("x"), a("y"), theirs("z")];
    expect(toVisible(stored).map(({ message }) => message)).toEqual(stored);
    toVisible(stored).forEach(({ message }, index) => expect(message).toBe(stored[index]));
  });
});

describe("reconcile over hidden steps", () => {
  const stored = [u("1"), a("a", "x"), mine("x"), a("b"), u("2"), a("c", "y", "z"), mine("y"), theirs("z"), a("d")];
  const seen = [u("1"), a("ab"), u("2"), a("c", "z"), theirs("z"), a("d")];
  const rows: readonly { readonly what: string; readonly told: readonly Message[]; readonly keep: number }[] = [
    { what: "everything again", told: seen, keep: 9 },
    { what: "everything again and more", told: [...seen, u("3")], keep: 9 },
    { what: "only what is new", told: [u("3")], keep: 9 },
    { what: "another second question", told: [u("1"), a("ab"), u("2b")], keep: 4 },
    { what: "another answer behind hidden steps", told: [u("1"), a("a!"), u("2")], keep: 1 },
    { what: "half of an answer of several steps", told: [u("1"), a("a")], keep: 1 },
    { what: "another result of its own tool", told: [...seen.slice(0, 4), { ...theirs("z"), content: "5" }], keep: 7 },
    { what: "its part of the calls, still without a result", told: seen.slice(0, 4), keep: 7 },
  ];
  test.each(rows)("keeps $keep messages for a client that tells $what", ({ told, keep }) => {
    const { keep: kept, fresh } = reconcile(stored, told, false);
    expect(kept).toBe(keep);
    const view = toVisible([...stored.slice(0, kept), ...fresh]).map(({ message }) => message);
    if (told.length > 1) expect(view).toEqual(told);
  });

  test("takes from a client's result the claim that it is the gateway's own", () => {
    const told = [u("1"), a(null, "x"), mine("x"), u("2")];
    expect(reconcile([], told, false).fresh).toEqual([u("1"), a(null, "x"), { ...theirs("x"), content: "3" }, u("2")]);
  });
});

/** One run with hidden steps: what is stored of it, and the one answer that its client reads. */
interface Run {
  readonly stored: readonly StoredMessage[];
  readonly seen: readonly Message[];
}

const text = fc.constantFrom("", "a", "b ", null);
const ids = fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 });
const step = fc.record({ text, ids });
const run: fc.Arbitrary<Run> = fc
  .record({
    // A run without one went on from the results of tools, or gave another answer.
    question: fc.constantFrom([], [u("1")], [u("2")]),
    steps: fc.array(step, { maxLength: 3 }),
    last: fc.record({
      text,
      hidden: fc.constantFrom([], ["h"], ["h", "i"]),
      client: fc.constantFrom([], ["c"], ["c", "d"]),
    }),
    reversed: fc.boolean(),
  })
  .map(({ question, steps, last, reversed }) => {
    // Calls for the client end a run; without one, an answer that calls would go on.
    const hidden = last.client.length > 0 ? last.hidden : [];
    const calls = reversed ? [...last.client, ...hidden] : [...hidden, ...last.client];
    const said = [...steps.map((each) => each.text), last.text].map((each) => each ?? "").join("");
    const results = last.client.map(theirs);
    const stored = steps.flatMap((each) => [a(each.text, ...each.ids), ...each.ids.map(mine)]);
    return {
      stored: [...question, ...stored, a(last.text, ...calls), ...hidden.map(mine), ...results],
      seen: [...question, a(said, ...last.client), ...results],
    };
  });

test("a client that replays what it saw supersedes nothing, and only its news are new", () => {
  const news = fc.array(fc.constantFrom("3", "4").map(u), { maxLength: 2 });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), news, (runs, tail) => {
      const stored = runs.flatMap((each) => each.stored);
      const seen = runs.flatMap((each) => each.seen);
      expect(reconcile(stored, [...seen, ...tail], false)).toEqual({ keep: stored.length, fresh: tail });
    }),
  );
});

test("a client that goes back to any point is told from there on, and no step is cut in two", () => {
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), fc.nat({ max: 12 }), (runs, at) => {
      const stored = runs.flatMap((each) => each.stored);
      const seen = runs.flatMap((each) => each.seen);
      const told = [...seen.slice(0, at), u("another"), a("story")];
      const { keep, fresh } = reconcile(stored, told, false);
      expect(fresh).toEqual(told.slice(Math.min(at, seen.length)));
      expect(stored[keep]).not.toMatchObject({ origin: "server" });
    }),
  );
});
