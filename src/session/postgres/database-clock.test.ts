import { expect, test } from "vitest";
import { DatabaseClock } from "./database-clock.ts";

type Told = readonly [toldMs: number, asked: number, answered: number];

test.each<{ what: string; told: readonly Told[]; ahead: number }>([
  { what: "that agrees", told: [[105, 100, 110]], ahead: 0 },
  { what: "that is ahead", told: [[1_010, 100, 110]], ahead: 900 },
  { what: "that is behind", told: [[50, 100, 110]], ahead: -50 },
  {
    what: "of which a slow answer says nothing new",
    told: [
      [1_010, 100, 110],
      [6_000, 200, 9_000],
    ],
    ahead: 900,
  },
  {
    what: "from which this machine's has been set away",
    told: [
      [105, 100, 110],
      [205, 3_600_200, 3_600_210],
    ],
    ahead: -3_599_995,
  },
  {
    what: "to which this machine's has been set back",
    told: [
      [1_010, 100, 110],
      [1_105, 1_100, 1_110],
    ],
    ahead: 5,
  },
])("knows how far a clock is ahead $what", ({ told, ahead }) => {
  const clock = new DatabaseClock();
  for (const each of told) clock.learn(...each);
  expect(clock.aheadMs).toBe(ahead);
  expect(clock.toDatabase(1)).toBe(1 + ahead);
});
