import fc from "fast-check";
import { expect, test } from "vitest";
import { measureCpuMs } from "../../test/cpu.fixture.ts";
import { StopSearch } from "./stop.ts";

/** What is shown, and whether it was stopped. */
function show(pieces: readonly string[], sequences: readonly string[]): { text: string; stopped: boolean } {
  const search = new StopSearch(sequences);
  let shown = "";
  for (const piece of pieces) {
    const { text, stopped } = search.add(piece);
    shown += text;
    if (stopped) return { text: shown, stopped };
  }
  return { text: shown + search.release(), stopped: false };
}

const texts = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 });
const sequence = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 5 });

test("a text ends before the first stop sequence, in whatever pieces it comes", () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 5 }), sequence, (pieces, stop) => {
      const whole = pieces.join("");
      const at = whole.indexOf(stop);
      const want = at === -1 ? { text: whole, stopped: false } : { text: whole.slice(0, at), stopped: true };
      expect(show(pieces, [stop])).toEqual(want);
    }),
  );
});

test("of several sequences in one piece the one that begins first counts", () => {
  expect(show(["xabcx"], ["b", "abc"])).toEqual({ text: "x", stopped: true });
});

test("nothing is held back that can be the beginning of no sequence", () => {
  const search = new StopSearch(["END"]);
  expect(search.add("one E")).toEqual({ text: "one ", stopped: false });
  expect(search.add("x")).toEqual({ text: "Ex", stopped: false });
});

test("a long sequence that repeats itself costs no more than a short one", () => {
  const pieces = Array.from({ length: 2_000 }, () => "a".repeat(100));
  const stop = `${"a".repeat(100_000)}b`;
  expect(measureCpuMs(() => show(pieces, [stop]))).toBeLessThan(1_000);
});
