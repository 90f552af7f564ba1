import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyBudget } from "./body-budget.ts";

const overloaded = expect.objectContaining({ code: "overloaded" }) as Error;
const KiB = 1024;

describe("of 1 MiB for all bodies", () => {
  const open = (...bytes: number[]) => {
    const budget = new BodyBudget(() => KiB * KiB);
    const shares = bytes.map((size) => {
      const share = budget.open();
      share.reach(size);
      return share;
    });
    return { budget, shares, more: (size: number) => () => budget.open().reach(size) };
  };

  test("large ones get three quarters", () => {
    const { budget, more, shares } = open(512 * KiB, 256 * KiB);
    expect(budget.held).toBe(768 * KiB);
    expect(more(65 * KiB)).toThrow(overloaded);
    shares[1]?.release();
    expect(more(256 * KiB)).not.toThrow();
  });

  test("small ones get the rest, however many large ones there are", () => {
    const { more } = open(768 * KiB, 64 * KiB, 64 * KiB, 64 * KiB);
    expect(more(64 * KiB)).not.toThrow();
    expect(more(1)).toThrow(overloaded);
  });

  test("one that is alone is let in whatever its size, and then no other of its kind", () => {
    const { more } = open(5000 * KiB);
    expect(more(65 * KiB)).toThrow(overloaded);
    expect(more(64 * KiB)).not.toThrow();
  });

  test("one that grows leaves the room of the small ones", () => {
    const { budget, shares, more } = open(64 * KiB, 64 * KiB, 64 * KiB, 64 * KiB);
    expect(more(1)).toThrow(overloaded);
    shares[0]?.reach(100 * KiB);
    expect(more(64 * KiB)).not.toThrow();
    expect(budget.held).toBe((100 + 4 * 64) * KiB);
  });

  test("what is refused takes nothing", () => {
    const { budget, shares } = open(64 * KiB, 700 * KiB);
    expect(() => shares[0]?.reach(100 * KiB)).toThrow(overloaded);
    expect(budget.held).toBe(764 * KiB);
    for (const share of [...shares, ...shares]) share.release();
    expect(budget.held).toBe(0);
  });
});

test("it holds what its shares have reached, and nothing when all are given back", () => {
  const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(300_000), fc.boolean()), { maxLength: 60 });
  const property = fc.property(steps, (sequence) => {
    const budget = new BodyBudget(() => 1_000_000);
    const shares = Array.from({ length: 10 }, () => ({ share: budget.open(), bytes: 0 }));
    for (const [index, bytes, ends] of sequence) {
      const one = shares[index];
      if (one === undefined) continue;
      if (ends) {
        one.share.release();
        Object.assign(one, { share: budget.open(), bytes: 0 });
      } else {
        try {
          one.share.reach(bytes);
          one.bytes = Math.max(one.bytes, bytes);
        } catch {
          // Refused: it has what it had.
        }
      }
      expect(budget.held).toBe(shares.reduce((sum, each) => sum + each.bytes, 0));
    }
    for (const { share } of shares) share.release();
    expect(budget.held).toBe(0);
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});
