import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FairQueue, type Place } from "./fair-queue.ts";

const toPlace = (text: string): Place => {
  const [principal = "", line = ""] = text.split("/");
  return { principal, line };
};

/** Items are named by their place and a number. */
function fill(given: string): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of given.split(" ").filter(Boolean)) queue.push(toPlace(item), item);
  return queue;
}

function empty(queue: FairQueue<string>): string {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items.join(" ");
}

describe("whose turn it is", () => {
  test.each([
    ["one line is first come, first served", "a/x/1 a/x/2 a/x/3", "a/x/1 a/x/2 a/x/3"],
    ["principals take turns", "a/x/1 a/x/2 a/x/3 b/x/1 c/x/1 c/x/2", "a/x/1 b/x/1 c/x/1 a/x/2 c/x/2 a/x/3"],
    ["so do the lines of one", "a/x/1 a/x/2 a/y/1 a/z/1", "a/x/1 a/y/1 a/z/1 a/x/2"],
    ["many lines are no more than one principal", "a/x/1 a/y/1 a/z/1 b/x/1", "a/x/1 b/x/1 a/y/1 a/z/1"],
    ["nobody", "", ""],
  ])("%s", (_, given, want) => expect(empty(fill(given))).toBe(want));

  test("is as it would have been without those who gave up", () => {
    const queue = fill("a/x/1 b/x/1 a/x/2 a/y/1");
    queue.remove(toPlace("a/x"), "a/x/1");
    queue.remove(toPlace("b/x"), "b/x/1");
    queue.remove(toPlace("b/x"), "b/x/1");
    queue.remove(toPlace("a/x"), "a/y/1");
    expect(queue.size).toBe(2);
    expect(empty(queue)).toBe("a/x/2 a/y/1");
  });
});

describe("who gives way", () => {
  test.each([
    ["the last of the longest line of whoever has most", "a/x/1 a/y/1 a/y/2 b/x/1", "b/x", "a/y/2"],
    ["a principal that has only one more does not", "a/x/1 a/y/1 b/x/1", "b/x", undefined],
    ["a new one is worth two of another", "a/x/1 a/y/1", "b/x", "a/y/1"],
    ["a line of its own that is longer", "a/x/1 a/x/2 b/x/1", "a/y", "a/x/2"],
    ["but no line of its own for the same line", "a/x/1 a/x/2 b/x/1", "a/x", undefined],
    ["nobody in an empty queue", "", "a/x", undefined],
  ])("%s", (_, given, place, want) => expect(fill(given).findCrowd(toPlace(place))?.item).toBe(want));
});

const items = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("x", "y")), { maxLength: 40 });

test("nobody has a second turn while another has waited for a first, and nobody is lost", () => {
  fc.assert(
    fc.property(items, (given) => {
      const names = given.map(([principal, line], index) => `${principal}/${line}/${index}`);
      const order = empty(fill(names.join(" ")))
        .split(" ")
        .filter(Boolean);
      expect(order.toSorted()).toEqual(names.toSorted());
      for (const principal of ["a", "b", "c"]) {
        const turns = order.flatMap((name, index) => (name.startsWith(principal) ? [index] : []));
        // Between two turns of one, each other has at most one.
        for (const [turn, at] of turns.entries()) {
          const between = order.slice((turns[turn - 1] ?? -1) + 1, at).map((name) => name[0]);
          expect(new Set(between).size).toBe(between.length);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("what is told without the line is what some line would be told", () => {
  fc.assert(
    fc.property(items, fc.constantFrom("a", "b", "d"), (given, principal) => {
      const queue = fill(given.map(([owner, line], index) => `${owner}/${line}/${index}`).join(" "));
      expect(queue.hasCrowdFor(principal)).toBe(queue.findCrowd({ principal, line: "new" }) !== undefined);
    }),
    { numRuns: 50 },
  );
});
