import { expect, test } from "vitest";
import { runKillRounds } from "../../tools/defence/kill-rounds.ts";

test("a gateway that is killed under 20 SDK clients loses, doubles and reorders nothing, and serves all at once again", async () => {
  const result = await runKillRounds({ rounds: 5, writers: 20, say: () => undefined });
  expect(result.faults).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(100);
});
