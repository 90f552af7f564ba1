import { beforeEach, describe, expect, test } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { type Attempt, Lockout } from "./lockout.ts";

const limits = { enabled: true, failures: 10, windowMs: 60_000, lockMs: 60_000 };
let now = 0;
let lockout: Lockout;

beforeEach(() => {
  now = 0;
  lockout = new Lockout(() => now);
  lockout.limit(limits);
});

function fail(address: string, times: number): Attempt {
  let attempt: Attempt = "counted";
  for (let count = 0; count < times; count++) attempt = lockout.fail(address);
  return attempt;
}

/** Of `retry-after`; undefined for an address that is open. */
function secondsLeft(address: string): number | undefined {
  try {
    lockout.assertOpen(address);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe("auth_locked");
    return Number(error.headers["retry-after"]);
  }
}

test("the failure beyond the limit locks its address, and no other", () => {
  expect(fail("192.0.2.1", 10)).toBe("counted");
  expect(secondsLeft("192.0.2.1")).toBeUndefined();
  expect(fail("192.0.2.1", 1)).toBe("locks");
  expect(fail("192.0.2.1", 1)).toBe("locked");
  expect(secondsLeft("192.0.2.1")).toBe(60);
  expect(secondsLeft("192.0.2.2")).toBeUndefined();
  expect(fail("192.0.2.2", 10)).toBe("counted");
});

test("a lock ends when it was said to, whatever is tried meanwhile; then it counts anew", () => {
  fail("192.0.2.1", 11);
  for (; now < 59_999; now += 500) fail("192.0.2.1", 1);
  now = 59_999;
  expect(secondsLeft("192.0.2.1")).toBe(1);
  now = 60_000;
  expect(secondsLeft("192.0.2.1")).toBeUndefined();
  expect(fail("192.0.2.1", 10)).toBe("counted");
  expect(fail("192.0.2.1", 1)).toBe("locks");
  expect(secondsLeft("192.0.2.1")).toBe(60);
});

test("a window begins with the first failure and ends with its time", () => {
  fail("192.0.2.1", 1);
  now = 59_999;
  fail("192.0.2.1", 9);
  now = 60_000;
  expect(fail("192.0.2.1", 10)).toBe("counted");
  expect(fail("192.0.2.1", 1)).toBe("locks");
});

test("a lock that is longer than a client may be told is told as 60 s", () => {
  lockout.limit({ ...limits, lockMs: 3_600_000 });
  fail("192.0.2.1", 11);
  expect(secondsLeft("192.0.2.1")).toBe(60);
  now = 3_599_000;
  expect(secondsLeft("192.0.2.1")).toBe(1);
});

describe("one client", () => {
  test("is a whole /64 of IPv6", () => {
    for (let count = 0; count < 11; count++) fail(`2001:db8:0:1::${count.toString(16)}`, 1);
    expect(secondsLeft("2001:db8:0:1:ffff::1")).toBe(60);
    expect(secondsLeft("2001:db8:0:2::1")).toBeUndefined();
    for (let count = 0; count < 10_000; count++) fail(`2001:db8:0:3:${count.toString(16)}::1`, 1);
    expect(lockout.size).toBe(2);
  });

  test("is the same as IPv4 and as IPv4 in IPv6", () => {
    fail("192.0.2.1", 5);
    expect(fail("::ffff:192.0.2.1", 6)).toBe("locks");
    expect(secondsLeft("192.0.2.1")).toBe(60);
    expect(secondsLeft("::ffff:c000:201")).toBe(60);
    expect(secondsLeft("::ffff:192.0.2.2")).toBeUndefined();
  });

  test("is loopback too, and whoever has no address", () => {
    for (const address of ["127.0.0.1", "::1", "unknown"]) {
      expect(fail(address, 11), address).toBe("locks");
      expect(secondsLeft(address), address).toBe(60);
    }
  });
});

test("it stays small, and locks a new address also when it is full of locked ones", () => {
  const toAddress = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  lockout.limit({ ...limits, failures: 1 });
  for (let index = 0; index < 50_000; index++) {
    if (fail(toAddress(index), 2) !== "locks") throw new Error(`${toAddress(index)} is not locked`);
    if (index % 1000 === 0) expect(lockout.size).toBeLessThanOrEqual(10_000);
  }
  for (let index = 0; index < 6000; index++) fail(`192.168.${index >> 8}.${index & 255}`, 1);
  expect(lockout.size).toBeLessThanOrEqual(10_000);
  lockout.limit(limits);
  // Two that try in turn do not put each other out.
  for (let count = 0; count < 10; count++) expect([fail("192.0.2.1", 1), fail("192.0.2.2", 1)]).not.toContain("locks");
  expect([fail("192.0.2.1", 1), fail("192.0.2.2", 1)]).toEqual(["locks", "locks"]);
  expect(secondsLeft("192.0.2.1")).toBe(60);
  // The latest are still locked.
  expect(secondsLeft(toAddress(49_999))).toBe(60);
});

test("another configuration holds from the next failure on, and off forgets everything", () => {
  fail("192.0.2.1", 5);
  lockout.limit({ ...limits, failures: 5 });
  expect(fail("192.0.2.1", 1)).toBe("locks");
  lockout.limit({ ...limits, enabled: false });
  expect(secondsLeft("192.0.2.1")).toBeUndefined();
  expect(fail("192.0.2.1", 100)).toBe("counted");
  expect(lockout.size).toBe(0);
});

test("a wall clock that jumps changes nothing", () => {
  const real = new Lockout();
  real.limit(limits);
  const wall = Date.now;
  try {
    for (let count = 0; count < 11; count++) real.fail("192.0.2.1");
    for (const jump of [3_600_000, -3_600_000]) {
      Date.now = () => wall() + jump;
      expect(() => real.assertOpen("192.0.2.1")).toThrow(/locked for (?:60|59|58) more s/);
    }
  } finally {
    Date.now = wall;
  }
});
