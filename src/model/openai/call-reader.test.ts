import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { anyCharacter } from "../../../test/character.fixture.ts";
import type { ModelEvent } from "../model.ts";
import { type CallDelta, CallReader } from "./call-reader.ts";

interface Given {
  readonly id: string;
  readonly kind: "function" | "custom";
  readonly name: string;
  readonly text: string;
}

/** The calls that come out, and a check that each is whole before the next begins. */
function read(deltas: readonly CallDelta[]): Given[] {
  const events: ModelEvent[] = [];
  const reader = new CallReader((event) => events.push(event));
  for (const delta of deltas) reader.read(delta);
  reader.calls.end("clean");
  const calls = toCalls(events);
  expect(reader.calls.count).toBe(calls.length);
  return calls;
}

function toCalls(events: readonly ModelEvent[]): Given[] {
  const calls: Given[] = [];
  for (const event of events) {
    if (event.type === "tool-call-start") {
      const { index, id, kind, name } = event;
      expect(index).toBe(calls.push({ id, kind, name, text: "" }) - 1);
    } else if (event.type === "tool-call-delta") {
      const last = calls.at(-1);
      expect({ index: event.index, kind: event.kind }).toEqual({ index: calls.length - 1, kind: last?.kind });
      if (last !== undefined) calls[event.index] = { ...last, text: last.text + event.text };
    }
  }
  return calls;
}

const madeUp = expect.stringMatching(/^call_[0-9a-f]+$/) as string;
type Part = NonNullable<CallDelta["function"]>;
const f = (name: string, text?: unknown): Part => ({ name, arguments: text });
const more = (text: unknown): Part => ({ arguments: text });
const call = (id: string, name: string, text: string): Given => ({ id, kind: "function", name, text });

describe("CallReader", () => {
  it.each<[what: string, deltas: CallDelta[], want: Given[]]>([
    [
      "a call as OpenAI sends it",
      [
        { index: 0, id: "a", type: "function", function: f("go", "") },
        { index: 0, function: more('{"x"') },
        { index: 0, function: more(":1}") },
      ],
      [call("a", "go", '{"x":1}')],
    ],
    [
      "no index, and each call in one piece (vLLM)",
      [
        { id: "a", type: "function", function: f("go", "{}") },
        { id: "b", type: "function", function: f("go", '{"x":1}') },
      ],
      [call("a", "go", "{}"), call("b", "go", '{"x":1}')],
    ],
    [
      "no index, and the rest without an id",
      [{ id: "a", function: f("go", "{") }, { function: more("}") }, { id: "b", function: f("stay", "{}") }],
      [call("a", "go", "{}"), call("b", "stay", "{}")],
    ],
    ["no id (older Ollama)", [{ index: 0, function: f("go", "{}") }], [call(madeUp, "go", "{}")]],
    ["an empty id", [{ index: 0, id: "", function: f("go", "{}") }], [call(madeUp, "go", "{}")]],
    [
      "neither index nor id nor type",
      [{ function: f("go", { x: 1 }) }, { function: f("stay", { y: [2] }) }],
      [call(madeUp, "go", '{"x":1}'), call(madeUp, "stay", '{"y":[2]}')],
    ],
    [
      "an id that comes after its call was given one",
      [
        { index: 0, function: f("go", "{") },
        { index: 0, id: "late", function: more("}") },
      ],
      [call("late", "go", "{}")],
    ],
    [
      "index 0 for all, told apart by id (Gemini)",
      [
        { index: 0, id: "a", type: "function", function: f("go", '{"x":1}') },
        { index: 0, id: "b", type: "function", function: f("go", '{"x":2}') },
        { index: 0, id: "c", type: "function", function: f("stay", "{}") },
      ],
      [call("a", "go", '{"x":1}'), call("b", "go", '{"x":2}'), call("c", "stay", "{}")],
    ],
    [
      "the head again with every piece, and an id made up for each",
      [
        { index: 0, id: "a", function: f("go", "") },
        { index: 0, id: "b", function: f("go", '{"x"') },
        { index: 0, id: "c", function: f("go", ":1}") },
        { index: 0, id: "d", function: f("go", '{"x":2}') },
      ],
      [call("a", "go", '{"x":1}'), call("d", "go", '{"x":2}')],
    ],
    [
      "index 0 for all, told apart by name",
      [
        { index: 0, function: f("go", "{}") },
        { index: 0, function: f("stay", "{}") },
      ],
      [call(madeUp, "go", "{}"), call(madeUp, "stay", "{}")],
    ],
    [
      "arguments as an object",
      [{ index: 0, id: "a", function: f("go", { b: [1, "ö"] }) }],
      [call("a", "go", '{"b":[1,"ö"]}')],
    ],
    ["empty arguments", [{ index: 0, id: "a", function: f("go", "") }], [call("a", "go", "{}")]],
    ["no arguments", [{ index: 0, id: "a", function: f("go") }], [call("a", "go", "{}")]],
    ["arguments null", [{ index: 0, id: "a", function: f("go", null) }], [call("a", "go", "{}")]],
    ["arguments that are no text", [{ index: 0, id: "a", function: f("go", 7) }], [call("a", "go", "{}")]],
    [
      "no arguments of the first of two",
      [
        { index: 0, id: "a", function: f("go") },
        { index: 1, id: "b", function: f("stay", "{}") },
      ],
      [call("a", "go", "{}"), call("b", "stay", "{}")],
    ],
    [
      "the name again in every piece",
      [
        { index: 0, id: "a", function: f("go", '{"x":') },
        { index: 0, id: "a", function: f("go", "1}") },
        { index: 0, function: f("go", "") },
      ],
      [call("a", "go", '{"x":1}')],
    ],
    [
      "the id again in every piece",
      [
        { index: 0, id: "a", function: f("go", '{"x":') },
        { index: 0, id: "a", function: more("1}") },
        { index: 1, id: "b", function: f("stay", "{") },
        { index: 1, id: "b", function: more("}") },
      ],
      [call("a", "go", '{"x":1}'), call("b", "stay", "{}")],
    ],
    [
      "a custom tool",
      [
        { index: 0, id: "a", type: "custom", custom: { name: "grep", input: "" } },
        { index: 0, custom: { input: "needle " } },
        { index: 0, custom: { input: "hay" } },
      ],
      [{ id: "a", kind: "custom", name: "grep", text: "needle hay" }],
    ],
    [
      "a custom tool without input",
      [{ index: 0, id: "a", type: "custom", custom: { name: "grep", input: "" } }],
      [{ id: "a", kind: "custom", name: "grep", text: "" }],
    ],
    ["holes in the indices", [{ index: 7, id: "a", function: f("go", "{}") }], [call("a", "go", "{}")]],
    ["nothing at all", [{}], []],
    ["nothing but null", [{ index: 0, id: null, type: null, function: { name: null, arguments: null } }], []],
    [
      "calls that are mixed up by index",
      [
        { index: 0, id: "a", function: f("go", "") },
        { index: 1, id: "b", function: f("stay", "") },
        { index: 1, function: more('{"y"') },
        { index: 0, function: more('{"x"') },
        { index: 1, function: more(":2}") },
        { index: 0, function: more(":1}") },
      ],
      [call("a", "go", '{"x":1}'), call("b", "stay", '{"y":2}')],
    ],
    [
      "the same id at two indices",
      [
        { index: 0, id: "a", function: f("go", '{"x":1}') },
        { index: 1, id: "a", function: f("stay", '{"y":2}') },
      ],
      [call("a", "go", '{"x":1}'), call(madeUp, "stay", '{"y":2}')],
    ],
    [
      "the same id at two indices, mixed up",
      [
        { index: 0, id: "a", function: f("go", "{") },
        { index: 1, id: "a", function: f("go", "{") },
        { index: 0, function: more('"x":1}') },
        { index: 1, function: more('"x":2}') },
      ],
      [call("a", "go", '{"x":1}'), call(madeUp, "go", '{"x":2}')],
    ],
    [
      "neither ids nor indices of two calls of one name",
      [{ function: f("go", '{"x":1}') }, { function: f("go", '{"x":1}') }],
      [call(madeUp, "go", '{"x":1}'), call(madeUp, "go", '{"x":1}')],
    ],
    [
      "no ids, and one index and name for two calls",
      [
        { index: 0, function: f("go", '{"x":1}') },
        { index: 0, function: f("go", '{"x":2}') },
      ],
      [call(madeUp, "go", '{"x":1}'), call(madeUp, "go", '{"x":2}')],
    ],
    [
      "one index and id for two calls",
      [
        { index: 0, id: "a", function: f("go", '{"x":1}') },
        { index: 0, id: "a", function: f("go", '{"x":2}') },
      ],
      [call("a", "go", '{"x":1}'), call(madeUp, "go", '{"x":2}')],
    ],
    [
      "a whole call that is sent again",
      [
        { index: 0, id: "a", function: f("go", '{"x":1}') },
        { index: 0, id: "a", function: f("go", '{"x":1}') },
      ],
      [call("a", "go", '{"x":1}')],
    ],
    [
      "the id first, and the name later",
      [
        { index: 0, id: "a", type: "function" },
        { index: 0, function: f("go", "") },
        { index: 0, function: more("{}") },
      ],
      [call("a", "go", "{}")],
    ],
    [
      "arguments before the name",
      [
        { index: 0, id: "a", function: more('{"x":') },
        { index: 0, function: more("1}") },
        { index: 0, function: f("go") },
      ],
      [call("a", "go", '{"x":1}')],
    ],
    [
      "a name in pieces",
      [
        { index: 0, id: "a", function: f("get_", "") },
        { index: 0, function: f("weather", "") },
        { index: 0, function: more("{}") },
      ],
      [call("a", "get_weather", "{}")],
    ],
    [
      "a name that grows",
      [
        { index: 0, id: "a", function: f("get_", "") },
        { index: 0, id: "a", function: f("get_weather", "") },
        { index: 0, function: more("{}") },
      ],
      [call("a", "get_weather", "{}")],
    ],
    [
      "an empty object with the head, and the arguments behind it",
      [
        { index: 0, id: "a", function: f("go", "{}") },
        { index: 0, function: more('{"x":1}') },
      ],
      [call("a", "go", '{"x":1}')],
    ],
    [
      "a new id for every piece",
      [
        { index: 0, id: "a", function: f("go", "") },
        { index: 0, id: "b", function: more('{"x"') },
        { index: 0, id: "c", function: more(":1}") },
      ],
      [call("a", "go", '{"x":1}')],
    ],
    [
      "white space behind the arguments",
      [
        { index: 0, id: "a", function: f("go", '{"x":1}') },
        { index: 0, function: more("\n") },
        { index: 1, id: "b", function: f("stay", "{}") },
        { index: 0, function: more(" ") },
      ],
      [call("a", "go", '{"x":1}'), call("b", "stay", "{}")],
    ],
    [
      "an empty piece of an earlier call",
      [
        { index: 0, id: "a", function: f("go", "{}") },
        { index: 1, id: "b", function: f("stay", "{}") },
        { index: 0, function: more("") },
      ],
      [call("a", "go", "{}"), call("b", "stay", "{}")],
    ],
    [
      "a function that is null beside a custom one",
      [{ id: "a", function: null, custom: { name: "g", input: "x" } }],
      [{ id: "a", kind: "custom", name: "g", text: "x" }],
    ],
  ])("reads %s", (_, deltas, want) => {
    expect(read(deltas)).toEqual(want);
  });

  const see = (deltas: readonly CallDelta[]): string[][] => {
    const events: ModelEvent[] = [];
    const reader = new CallReader((event) => events.push(event));
    return deltas.map((delta) => {
      reader.read(delta);
      return events.splice(0).map(({ type }) => type);
    });
  };

  it("gives a call on as soon as it is whole", () => {
    const deltas = [
      { id: "a", function: f("go", "{") },
      { function: more("}") },
      { id: "b", function: f("stay", '{"x":') },
      { function: more("1}") },
    ];
    expect(see(deltas)).toEqual([
      [],
      [],
      ["tool-call-start", "tool-call-delta"],
      ["tool-call-start", "tool-call-delta"],
    ]);
  });

  it("gives a long call on as it comes", () => {
    const deltas = [
      { id: "a", function: f("write", '{"text":"') },
      { function: more("x".repeat(5_000)) },
      { function: more("y") },
      { function: more('"}') },
    ];
    expect(see(deltas)).toEqual([[], ["tool-call-start", "tool-call-delta"], ["tool-call-delta"], ["tool-call-delta"]]);
  });

  let deep: unknown = {};
  for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];

  it.each<[what: string, deltas: CallDelta[], says: string]>([
    ["no name", [{ index: 0, id: "a", function: more("{}") }], "without its name"],
    ["an empty name", [{ index: 0, id: "a", function: f("", "{}") }], "without its name"],
    ["a name that is no text", [{ index: 0, id: "a", function: { name: 5, arguments: "{}" } }], "without its name"],
    [
      "arguments of a call that is over",
      [
        { index: 0, id: "a", function: f("go", '{"x":1}') },
        { index: 0, function: more('{"x":2}') },
      ],
      "mixed up",
    ],
    [
      "arguments of a call that never began",
      [
        { index: 0, id: "a", function: f("go") },
        { index: 3, function: more("}") },
      ],
      "without its name",
    ],
    ["arguments nested too deeply", [{ index: 0, id: "a", function: f("go", deep) }], "make no sense"],
    [
      "calls without end",
      Array.from({ length: 1_000 }, (_, index) => ({ index, id: `c${index}`, function: f("go") })),
      "too many tools",
    ],
  ])("refuses %s", (_, deltas, says) => {
    const act = (): unknown => read(deltas);
    expect(act).toThrow(expect.objectContaining({ name: "GatewayError", code: "upstream_error" }) as Error);
    expect(act).toThrow(says);
  });
});

/** How a server writes its pieces. */
interface Style {
  readonly index: boolean;
  readonly idAgain: boolean;
  readonly nameAgain: boolean;
  readonly type: boolean;
}

function toDeltas(given: Given, place: number, style: Style, cuts: readonly number[]): CallDelta[] {
  const { id, kind, name, text } = given;
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
  return pieces.map((piece, index) => ({
    ...(style.index ? { index: place } : {}),
    ...(index === 0 || style.idAgain ? { id } : {}),
    ...(style.type ? { type: kind } : {}),
    [kind]: {
      ...(index === 0 || (style.nameAgain && (style.index || style.idAgain)) ? { name } : {}),
      [kind === "function" ? "arguments" : "input"]: piece,
    },
  }));
}

test("however an answer's calls are cut into deltas, they come out as they were", () => {
  const aCall = fc.record({
    kind: fc.constantFrom("function" as const, "custom" as const),
    name: fc.constantFrom("go", "stay", "get_weather"),
    text: fc.oneof(fc.json(), fc.string({ unit: anyCharacter, maxLength: 40 }), fc.constant("")),
  });
  const style = fc.record({ index: fc.boolean(), idAgain: fc.boolean(), nameAgain: fc.boolean(), type: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(aCall, fc.array(fc.nat(), { maxLength: 6 })), { maxLength: 5 }),
      style,
      (made, how) => {
        const calls = made.map(([one, cuts], index) => ({ given: { ...one, id: `call_${index}` }, cuts }));
        const deltas = calls.flatMap(({ given, cuts }, index) => toDeltas(given, index, how, cuts));
        const isBlank = (text: string): boolean => Array.from(text).every((character) => character <= " ");
        const want = calls.map(({ given }) =>
          given.kind === "function" && isBlank(given.text) ? { ...given, text: "{}" } : given,
        );
        expect(read(deltas)).toEqual(want);
      },
    ),
  );
});

interface Mixed {
  readonly calls: readonly Given[];
  readonly deltas: readonly CallDelta[];
}

/** Pieces of each call in order, and of all calls in any order; heads whole or in pieces, ids that are not unique. */
const mixed: fc.Arbitrary<Mixed> = fc
  .record({
    made: fc.array(
      fc.record({
        id: fc.constantFrom("a", "b", undefined),
        name: fc.constantFrom("go", "stay", "get_weather"),
        text: fc
          .dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 })
          .map((value) => JSON.stringify(value)),
        cuts: fc.array(fc.nat(), { maxLength: 6 }),
        head: fc.constantFrom("whole", "id first", "name last"),
      }),
      { maxLength: 5 },
    ),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ made, order }) => {
    const queues = made.map(({ id, name, text, cuts, head }, index) => {
      const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
      const pieces = at
        .slice(1)
        .map((end, piece): CallDelta => ({ index, function: more(text.slice(at[piece], end)) }));
      if (head === "whole") return [{ index, id, function: f(name, "") }, ...pieces];
      if (head === "id first") return [{ index, id: id ?? "c" }, { index, function: f(name) }, ...pieces];
      return [...pieces, { index, id, function: { name } }];
    });
    const deltas: CallDelta[] = [];
    // The calls begin in order, whatever comes then.
    for (const queue of queues) deltas.push(...queue.splice(0, 1));
    for (let left = queues.filter(({ length }) => length > 0); left.length > 0;) {
      const queue = left[(order.next().value as number) % left.length];
      deltas.push(...(queue?.splice(0, 1) ?? []));
      left = queues.filter(({ length }) => length > 0);
    }
    return { calls: made.map(({ name, text }) => call(madeUp, name, text)), deltas };
  });

test("however calls are cut and mixed, the same ones come out, each with an id of its own", () => {
  fc.assert(
    fc.property(mixed, ({ calls, deltas }) => {
      const found = read(deltas);
      expect(found.map(({ name, text }) => [name, text])).toEqual(calls.map(({ name, text }) => [name, text]));
      expect(new Set(found.map(({ id }) => id)).size).toBe(calls.length);
    }),
    { numRuns: 1_000 },
  );
});
