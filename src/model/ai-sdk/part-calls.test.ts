import { describe, expect, it } from "vitest";
import type { ModelEvent } from "../model.ts";
import { type CallOrder, createCallOrder } from "./part-calls.ts";

type Act = (order: CallOrder) => ModelEvent[];

function run(acts: readonly Act[], callsMax = Infinity): string[] {
  const order = createCallOrder({ custom: new Set(["grep"]), callsMax });
  return acts.flatMap((act) => act(order)).map(toLine);
}

function toLine(event: ModelEvent): string {
  if (event.type === "tool-call-start") return `${event.index} ${event.kind} ${event.id} ${event.name}`;
  return event.type === "tool-call-delta" ? `${event.index} ${event.text}` : event.type;
}

const start =
  (key: string, name = "f"): Act =>
  (order) =>
    order.start(key, name);
const delta =
  (key: string, text: string): Act =>
  (order) =>
    order.delta(key, text);
const end =
  (key: string, whole = "", name = "f"): Act =>
  (order) =>
    order.end(key, name, whole);
const finish: Act = (order) => order.finish();

describe("createCallOrder", () => {
  it.each<[what: string, acts: Act[], want: string[]]>([
    [
      "a call in pieces",
      [start("a"), delta("a", "{"), delta("a", "}"), end("a", "{}")],
      ["0 function a f", "0 {", "0 }"],
    ],
    ["a call that comes whole", [end("a", '{"x":1}')], ["0 function a f", '0 {"x":1}']],
    ["a call without arguments", [start("a"), end("a")], ["0 function a f", "0 {}"]],
    ["a custom call without input", [start("a", "grep"), end("a", '""', "grep")], ["0 custom a grep"]],
    ["a custom call that comes whole", [end("a", '"x\\n"', "grep")], ["0 custom a grep", "0 x\n"]],
    [
      "two calls that are mixed up",
      [start("a"), start("b"), delta("b", "B"), delta("a", "A"), end("b"), delta("a", "a"), end("a")],
      ["0 function a f", "0 A", "0 a", "1 function b f", "1 B"],
    ],
    [
      "calls that are never ended",
      [start("a"), delta("a", "A"), start("b"), delta("b", "B"), finish],
      ["0 function a f", "0 A", "1 function b f", "1 B"],
    ],
    ["a delta of nobody's call", [delta("x", "?")], []],
    [
      "two calls with the same id, one after the other",
      [end("a", "1"), end("a", "2")],
      ["0 function a f", "0 1", "1 function a f", "1 2"],
    ],
  ])("puts in order: %s", (_, acts, want) => {
    expect(run(acts)).toEqual(want);
  });

  it("makes up an id where there is none", () => {
    expect(run([end("", "{}")])[0]).toMatch(/^0 function call_[\da-f]{24} f$/);
  });

  it("drops the calls beyond the most that are wanted, whole", () => {
    expect(run([start("a"), start("b"), delta("b", "B"), end("b", "B"), end("a", "A"), end("c", "C")], 1)).toEqual([
      "0 function a f",
      "0 A",
    ]);
  });
});
