import fc from "fast-check";
import { expect, test } from "vitest";
import { type Rank, Round } from "./round.ts";

const ranks: readonly Rank[] = ["new", "usual", "greedy"];

interface Entry {
  readonly name: string;
}

function takeAll(round: Round<Entry>): string[] {
  const names: string[] = [];
  for (let next = round.take(); next !== undefined; next = round.take()) names.push(next.name);
  return names;
}

function fill(...given: readonly [name: string, rank: Rank][]): Round<Entry> {
  const round = new Round<Entry>();
  for (const [name, rank] of given) round.add({ name }, rank);
  return round;
}

test("those of one rank come in order of arrival", () => {
  for (const rank of ranks) expect(takeAll(fill(["a", rank], ["b", rank], ["c", rank]))).toEqual(["a", "b", "c"]);
});

test("whoever has had less comes first and more often, and the others come in between", () => {
  const given = ranks.toReversed().flatMap((rank) => [1, 2, 3, 4].map((n): [string, Rank] => [`${rank} ${n}`, rank]));
  expect(takeAll(fill(...given)).slice(0, 8)).toEqual([
    "new 1",
    "usual 1",
    "new 2",
    "greedy 1",
    "new 3",
    "usual 2",
    "new 4",
    "greedy 2",
  ]);
});

test("what waits keeps its place, and what is taken away has none", () => {
  const round = new Round<Entry>();
  const [one, other] = [{ name: "one" }, { name: "other" }];
  round.add(one, "usual");
  round.add(other, "usual");
  round.add(one, "new");
  expect(round.size).toBe(2);
  round.delete(other);
  expect(round.has(other)).toBe(false);
  expect(takeAll(round)).toEqual(["one"]);
});

test("each is taken once, and nobody waits for longer than four turns for each who waits with it", () => {
  const arrivals = fc.array(fc.array(fc.constantFrom(...ranks), { maxLength: 3 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom(...ranks), arrivals, (rank, all) => {
      const round = new Round<Entry>();
      const waiting = { name: "waiting" };
      const taken = new Set<Entry>();
      for (const before of all[0] ?? []) round.add({ name: "before" }, before);
      round.add(waiting, rank);
      const longest = 4 * round.size;
      for (let turn = 0; turn < longest && round.has(waiting); turn++) {
        const next = round.take();
        if (next === undefined) throw new Error("nobody waits");
        expect(taken.has(next)).toBe(false);
        taken.add(next);
        for (const other of all[turn % all.length] ?? []) round.add({ name: "other" }, other);
      }
      expect(taken.has(waiting)).toBe(true);
    }),
  );
});
