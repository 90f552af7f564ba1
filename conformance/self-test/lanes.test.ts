import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { runTrials } from "./lanes.ts";
import type { Golden } from "./self-test.ts";
import type { Trial } from "./trials.ts";

/** Runs trials of these names, on goldens that say who was on them together; those in capitals must be alone. */
async function tryOut(names: readonly string[], many: boolean, isOk: (name: string, times: number) => boolean) {
  const together: string[][] = [];
  const ended = new Map<string, string>();
  const times = new Map<string, number>();
  const on = new Map<Golden, Set<string>>();
  const trials = names.map((name): Trial => ({
    name,
    alone: name === name.toUpperCase(),
    longestMs: 0,
    async run(golden) {
      const here = on.get(golden)!;
      here.add(name);
      together.push([...here]);
      times.set(name, (times.get(name) ?? 0) + 1);
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      here.delete(name);
      return { ok: isOk(name, times.get(name)!), words: "seen" };
    },
  }));
  const withGolden = async (use: (golden: Golden) => Promise<void>): Promise<void> => {
    const golden = {} as unknown as Golden;
    on.set(golden, new Set());
    await use(golden);
  };
  await runTrials(
    trials,
    { withGolden, many },
    { begin: () => undefined, end: ({ name }, { ok, words }) => void ended.set(name, `${ok} ${words}`) },
  );
  return { together, ended, goldens: on.size };
}

test.for([true, false])("who must be alone has a golden server alone, with several of them: %s", async (many) => {
  const names = ["a", "b", "c", "d", "A", "B", "C", "D", "E"];
  const { together, ended, goldens } = await tryOut(names, many, () => true);
  expect([...ended.keys()].toSorted()).toEqual(names.toSorted());
  expect(together.filter((list) => list.length > 1 && /[A-Z]/.test(list.join("")))).toEqual([]);
  expect(together.some((list) => list.length > 1)).toBe(true);
  expect(goldens).toBe(many ? 4 : 1);
});

test("what fails beside others counts only if it fails again without them", async () => {
  const { together, ended } = await tryOut(["a", "b", "c", "A"], true, (name, times) =>
    name === "b" ? times > 1 : name !== "c",
  );
  expect(ended.get("a")).toBe("true seen");
  expect(ended.get("b")).toBe("true seen, only without others beside it");
  expect(ended.get("c")).toBe("false seen");
  expect(together.slice(-2).map((list) => list.length)).toEqual([1, 1]);
});
