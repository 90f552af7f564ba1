import { expect, test } from "vitest";
import { checkHistory } from "../../tools/history/check.ts";
import { withoutFence } from "../../tools/history/without-fence.ts";
import { programs } from "../postgres-server.ts";

const options = { clients: 30, replicas: 3, seed: "short", say: () => undefined };

test.skipIf(programs === undefined)(
  "three gateways on one database lose, double, mix and reorder nothing, whatever happens to them, and observers miss nothing",
  async () => {
    const { acknowledged, kinds, faults } = await checkHistory({
      ...options,
      rounds: 8,
      faults: [
        "kill",
        "terminate all backends",
        "hold the line to the database beyond the lease",
        "drain",
        "pause the network beyond the lease",
        "restart the database",
        "lose what comes to one",
        "pause",
      ],
    });
    expect(faults).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(kinds.size).toBe(6);
  },
);

test.skipIf(programs === undefined)("the check finds that nobody looks who holds a session", async () => {
  const { faults } = await checkHistory({
    ...options,
    // It ends with the first fault.
    rounds: 10,
    faults: ["hold the line to the database beyond the lease", "pause the network beyond the lease", "pause"],
    edits: withoutFence,
  });
  expect(faults).not.toEqual([]);
});
