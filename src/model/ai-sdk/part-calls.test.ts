import { describe, expect, it } from "vitest";
import type { ModelEvent } from "../model.ts";
import { PartCalls } from "./part-calls.ts";

type Act = (calls: PartCalls) => unknown;

function run(acts: readonly Act[], callsMax = Infinity): string[] {
  const lines: string[] = [];
  const calls = new PartCalls((event) => lines.push(toLine(event)), { custom: new Set(["grep"]), callsMax });
  for (const act of acts) act(calls);
  calls.assembler.end("clean");
  return lines;
}

function toLine(event: ModelEvent): string {
  if (event.type === "tool-call-start") return `${event.index} ${event.kind} ${event.id} ${event.name}`;
  return event.type === "tool-call-delta" ? `${event.index} ${event.text}` : event.type;
}

const start =
  (key: string, name = "f"): Act =>
  (calls) =>
    calls.start(key, name);
const delta =
  (key: string, text: string): Act =>
  (calls) =>
    calls.add(key, text);
const end =
  (key: string, whole = "", name = "f"): Act =>
  (calls) =>
    calls.finish(key, name, whole);

describe("PartCalls", () => {
  it.each<[what: string, acts: Act[], want: unknown[]]>([
    ["a call in pieces", [start("a"), delta("a", "{"), delta("a", "}"), end("a", "{}")], ["0 function a f", "0 {}"]],
    ["a call that comes whole", [end("a", '{"x":1}')], ["0 function a f", '0 {"x":1}']],
    ["a call without arguments", [start("a"), end("a")], ["0 function a f", "0 {}"]],
    ["a custom call without input", [start("a", "grep"), end("a", '""', "grep")], ["0 custom a grep"]],
    ["a custom call that comes whole", [end("a", '"x\\n"', "grep")], ["0 custom a grep", "0 x\n"]],
    [
      "two calls that are mixed up",
      [start("a"), start("b"), delta("b", "{}"), delta("a", "{"), end("b", "{}"), delta("a", "}"), end("a", "{}")],
      ["0 function a f", "0 {}", "1 function b f", "1 {}"],
    ],
    [
      "calls that are never ended",
      [start("a"), delta("a", "A"), start("b"), delta("b", "B")],
      ["0 function a f", "0 A", "1 function b f", "1 B"],
    ],
    ["a delta of nobody's call", [delta("x", "?")], []],
    [
      "two calls with the same id, one after the other",
      [end("a", "[1]"), end("a", "[2]")],
      ["0 function a f", "0 [1]", expect.stringMatching(/^1 function call_\w+ f$/), "1 [2]"],
    ],
    [
      "two calls with the same id, mixed up",
      [
        start("a"),
        delta("a", '{"x"'),
        start("a", "g"),
        delta("a", '{"y"'),
        end("a", '{"x":1}'),
        end("a", '{"y":2}', "g"),
      ],
      ["0 function a f", '0 {"x":1}', expect.stringMatching(/^1 function call_\w+ g$/), '1 {"y":2}'],
    ],
  ])("puts in order: %s", (_, acts, want) => {
    expect(run(acts)).toEqual(want);
  });

  it("makes up an id where there is none", () => {
    expect(run([end("", "{}")])[0]).toMatch(/^0 function call_[\da-f]{24} f$/);
  });

  it("drops the calls beyond the most that are wanted, whole", () => {
    expect(
      run([start("a"), start("b"), delta("b", "[2]"), end("b", "[2]"), end("a", "[1]"), end("c", "[3]")], 1),
    ).toEqual(["0 function a f", "0 [1]"]);
  });
});
