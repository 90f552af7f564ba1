import { describe, expect, it } from "vitest";
import { createStopWatch } from "./stop-filter.ts";

function run(texts: readonly string[], sequences: readonly string[]): { shown: string[]; stopped: boolean } {
  const watch = createStopWatch(sequences);
  const events = [...texts.flatMap((text) => watch.pass({ type: "text-delta", text })), ...watch.finish()];
  return { shown: events.map((event) => ("text" in event ? event.text : "")), stopped: watch.stopped };
}

describe("createStopWatch", () => {
  it.each<[texts: string[], sequences: string[], shown: string[], stopped: boolean]>([
    [["a", "b"], [], ["a", "b"], false],
    [["one END two"], ["END"], ["one "], true],
    [["one E", "N", "D two"], ["END"], ["one "], true],
    [["one E", "N", "d"], ["END"], ["one ", "ENd"], false],
    [["one EN"], ["END"], ["one ", "EN"], false],
    [["END"], ["END"], [], true],
    [["a. b"], ["b", "."], ["a"], true],
  ])("shows of %j before %j: %j", (texts, sequences, shown, stopped) => {
    expect(run(texts, sequences)).toEqual({ shown, stopped });
  });

  it("shows what it held back before anything that is no text, and nothing after the stop", () => {
    const watch = createStopWatch(["END"]);
    expect(watch.pass({ type: "text-delta", text: "E" })).toEqual([]);
    expect(watch.pass({ type: "reasoning-delta", text: "?" })).toEqual([
      { type: "text-delta", text: "E" },
      { type: "reasoning-delta", text: "?" },
    ]);
    expect(watch.pass({ type: "text-delta", text: "END" })).toEqual([]);
    expect(watch.pass({ type: "reasoning-delta", text: "more" })).toEqual([]);
  });
});
