import { describe, expect, it } from "vitest";
import { type AssembledCall, CallAssembler, type CallsEnd } from "./call-assembler.ts";
import type { ModelEvent } from "./model.ts";

type Act = (calls: CallAssembler, made: AssembledCall[]) => unknown;

const start =
  (name: string | undefined = "go", kind: AssembledCall["kind"] = "function"): Act =>
  (calls, made) =>
    made.push(calls.start(kind, `id${made.length}`, name));
const at = (made: readonly AssembledCall[], index: number): AssembledCall => {
  const call = made[index];
  if (call === undefined) throw new Error(`no call ${index}`);
  return call;
};
const add =
  (index: number, text: string): Act =>
  (calls, made) =>
    calls.add(at(made, index), text);
const close =
  (index: number): Act =>
  (calls, made) =>
    calls.close(at(made, index));
const pause: Act = (calls) => calls.pause();
const end =
  (how: CallsEnd): Act =>
  (calls) =>
    calls.end(how);

/** What each act brings. */
function run(acts: readonly Act[]): string[][] {
  const lines: string[] = [];
  const toLine = (event: ModelEvent): string =>
    event.type === "tool-call-delta" ? `${event.index} ${event.text}` : "id" in event ? event.id : event.type;
  const calls = new CallAssembler((event) => lines.push(toLine(event)));
  const made: AssembledCall[] = [];
  return acts.map((act) => {
    act(calls, made);
    return lines.splice(0);
  });
}

describe("CallAssembler", () => {
  it.each<[what: string, acts: Act[], want: string[][]]>([
    ["a call when it is whole", [start(), add(0, '{"x"'), add(0, ":1}")], [[], [], ["id0", '0 {"x":1}']]],
    ["an empty object when something else is said", [start(), add(0, "{}"), pause], [[], [], ["id0", "0 {}"]]],
    ["an empty object when the next call begins", [start(), add(0, "{}"), start()], [[], [], ["id0", "0 {}"]]],
    ["nothing of half a call when something else is said", [start(), add(0, '{"x"'), pause], [[], [], []]],
    ["an empty object where there is no text", [start(), close(0)], [[], ["id0", "0 {}"]]],
    [
      "the second call when the first is whole",
      [start(), start(), add(1, "[1]"), add(0, "[0]")],
      [[], [], [], ["id0", "0 [0]", "id1", "1 [1]"]],
    ],
    [
      "free text when it is done",
      [start("grep", "custom"), add(0, "a"), add(0, "b"), close(0)],
      [[], [], [], ["id0", "0 ab"]],
    ],
    ["half a call at a clean end", [start(), add(0, '{"x"'), end("clean")], [[], [], ["id0", '0 {"x"']]],
    ["no half call at another end", [start(), add(0, '{"x"'), end("unsure")], [[], [], []]],
    ["a call without text at an end that says nothing", [start(), end("unsure")], [[], ["id0", "0 {}"]]],
    ["no call without text where more would have come", [start(), end("cut")], [[], []]],
    ["no free text where more would have come", [start("grep", "custom"), add(0, "a"), end("cut")], [[], [], []]],
  ])("gives %s", (_, acts, want) => {
    expect(run(acts)).toEqual(want);
  });
});
