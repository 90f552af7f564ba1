import { expect, test, vi } from "vitest";
import type { AuditRecord } from "./audit.ts";
import { Tally } from "./tally.ts";

function setUp(addressesMax = 3, windowMs = 60_000) {
  const written: AuditRecord[] = [];
  const tally = new Tally((record) => void written.push(record), { addressesMax, windowMs });
  const add = (address: string): void => tally.add({ event: "sign-in", outcome: "refused", address, requestId: "r" });
  const seen = (): unknown[] => written.map(({ address, count }) => [address, count]);
  return { tally, written, add, seen };
}

test("the first event of an address is written at once, the others together", () => {
  const { tally, add, seen, written } = setUp();
  for (const address of ["a", "b", "a", "a"]) add(address);
  expect(seen()).toEqual([
    ["a", undefined],
    ["b", undefined],
  ]);
  tally.flush();
  expect(written.slice(2)).toEqual([{ event: "sign-in", outcome: "refused", address: "a", count: 2 }]);
  add("a");
  expect(seen().at(-1)).toEqual(["a", undefined]);
  tally.flush();
});

test("a flood of addresses is a few records, which count all of it", () => {
  const { tally, add, seen } = setUp();
  for (let index = 0; index < 2_000; index++) add(`address-${index}`);
  tally.flush();
  expect(seen()).toEqual([
    ["address-0", undefined],
    ["address-1", undefined],
    ["address-2", undefined],
    ["others", 1_997],
  ]);
});

test("what was added up is written when the time is over", async () => {
  const { add, seen } = setUp(3, 20);
  add("a");
  add("a");
  await vi.waitFor(() => expect(seen()).toContainEqual(["a", 1]), { timeout: 20_000, interval: 5 });
});
