import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AssistantMessage, Message } from "../base/contract.ts";
import { lateResult, noResult, pairResults } from "./pair-results.ts";

const user = (content: string): Message => ({ role: "user", content });
const said = (content: string): Message => ({ role: "assistant", content });
const calls = (...ids: string[]): AssistantMessage => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } })),
});
const result = (id: string, content = `result of ${id}`): Message => ({ role: "tool", tool_call_id: id, content });
const legacy = (name: string): Message => ({
  role: "assistant",
  content: null,
  function_call: { name, arguments: "{}" },
});
const legacyResult = (name: string, content: string | null): Message => ({ role: "function", name, content });

/** By their ids; legacy ones have a name only. */
function listCalled(message: Message): string[] {
  if (message.role !== "assistant") return [];
  const { tool_calls: told = [], function_call: one } = message;
  return [...told.map((call) => call.id), ...(one == null ? [] : [one.name])];
}

function toWords({ content }: Message): string {
  return typeof content === "string" ? content : JSON.stringify(content ?? null);
}

/** One line for each message, without what does not matter here. */
function toLine(message: Message): string {
  if (message.role === "tool") return `${message.tool_call_id}: ${toWords(message)}`;
  if (message.role === "function") return `${message.name}: ${toWords(message)}`;
  const called = listCalled(message);
  return called.length > 0 ? `calls ${called.join(" ")}` : `${message.role}: ${toWords(message)}`;
}

const rows: readonly { readonly what: string; readonly given: readonly Message[]; readonly want: readonly string[] }[] =
  [
    {
      what: "a call whose result never came gets one",
      given: [user("go"), calls("a"), user("forget it")],
      want: ["user: go", "calls a", `a: ${noResult}`, "user: forget it"],
    },
    {
      what: "so does a call at the end",
      given: [user("go"), calls("a")],
      want: ["user: go", "calls a", `a: ${noResult}`],
    },
    {
      what: "and the one of several that was left out",
      given: [calls("a", "b", "c"), result("c"), result("a"), user("so?")],
      want: ["calls a b c", "a: result of a", `b: ${noResult}`, "c: result of c", "user: so?"],
    },
    {
      what: "a result further on comes to its call",
      given: [user("go"), calls("a"), user("btw"), result("a")],
      want: ["user: go", "calls a", "a: result of a", "user: btw"],
    },
    {
      what: "results come in the order of the calls",
      given: [calls("a", "b"), result("b"), result("a")],
      want: ["calls a b", "a: result of a", "b: result of b"],
    },
    {
      what: "the first of two results counts",
      given: [calls("a"), result("a", "first"), result("a", "second"), said("done")],
      want: ["calls a", "a: first", "assistant: done"],
    },
    {
      what: "a result that comes again after the answer leaves something to answer",
      given: [calls("a"), result("a", "first"), said("done"), result("a", "first")],
      want: ["calls a", "a: first", "assistant: done", `user: ${lateResult}`],
    },
    {
      what: "and so does one that comes after an answer",
      given: [calls("a"), user("never mind"), said("fine"), result("a")],
      want: ["calls a", "a: result of a", "user: never mind", "assistant: fine", `user: ${lateResult}`],
    },
    {
      what: "a result without a call is not sent",
      given: [user("go"), result("a"), said("?"), calls("a"), result("a", "later")],
      want: ["user: go", "assistant: ?", "calls a", "a: later"],
    },
    {
      what: "a result is of the last call that had its id",
      given: [calls("a"), user("again"), calls("a"), result("a")],
      want: ["calls a", `a: ${noResult}`, "user: again", "calls a", "a: result of a"],
    },
    {
      what: "two calls of one id in one answer are told apart",
      given: [calls("a", "a", "a_2"), result("a", "1"), result("a", "2"), result("a_2", "3")],
      want: ["calls a a_3 a_2", "a: 1", "a_3: 2", "a_2: 3"],
    },
    {
      what: "a legacy call whose result never came gets one",
      given: [legacy("f"), legacyResult("f", "1"), user("and"), legacy("g"), user("stop")],
      want: ["calls f", "f: 1", "user: and", "calls g", `g: ${noResult}`, "user: stop"],
    },
    {
      what: "a legacy result without a call gets one, and one that comes twice does not",
      given: [user("go"), legacyResult("f", "1"), legacyResult("f", "1"), legacyResult("g", "2")],
      want: ["user: go", "calls f", "f: 1", "calls g", "g: 2"],
    },
    {
      what: "a legacy result further on comes to its call, behind those of tools",
      given: [
        { ...calls("a"), function_call: { name: "f", arguments: "{}" } },
        user("x"),
        legacyResult("f", "1"),
        result("a"),
      ],
      want: ["calls a f", "a: result of a", "f: 1", "user: x"],
    },
  ];

describe("calls and results", () => {
  test.each(rows)("$what", ({ given, want }) => {
    expect(pairResults(given).map(toLine)).toEqual(want);
  });

  test("stay the same objects where they are right", () => {
    const given = [user("go"), calls("a", "b"), result("a"), result("b"), said("done"), user("thanks")];
    for (const [index, message] of pairResults(given).entries()) expect(message).toBe(given[index]);
  });
});

const id = fc.constantFrom("a", "b", "a_2");
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.constant(user("u")),
  fc.constant(said("s")),
  fc.array(id, { minLength: 1, maxLength: 3 }).map((ids) => calls(...ids)),
  id.map((one) => result(one)),
  fc.constantFrom("f", "g").map(legacy),
  fc.constantFrom("f", "g").map((name) => legacyResult(name, "r")),
);

test("whatever was said, each call is followed by its one result, and nothing else is a result", () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 12 }), (given) => {
      const paired = pairResults(given);
      let owed: string[] = [];
      for (const message of paired) {
        if (message.role === "tool" || message.role === "function") {
          expect(message.role === "tool" ? message.tool_call_id : message.name).toBe(owed.shift());
          continue;
        }
        expect(owed).toEqual([]);
        owed = listCalled(message);
        expect(new Set(owed).size).toBe(owed.length);
      }
      expect(owed).toEqual([]);
      // Nothing that people or models said is lost, and what is right already stays.
      const words = (messages: readonly Message[]): string[] =>
        messages.map(toLine).filter((line) => line === "user: u" || line === "assistant: s");
      expect(words(paired)).toEqual(words(given));
      expect(pairResults(paired)).toEqual(paired);
    }),
    { numRuns: 500 },
  );
});
