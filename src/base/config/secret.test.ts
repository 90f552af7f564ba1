import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfig } from "./load.ts";
import { findWeakAuth, isStrong } from "./secret.ts";

test("whatever a program draws at random is strong", () => {
  for (let count = 0; count < 300; count++) {
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      for (const bytes of [18, 24, 32]) expect(isStrong(randomBytes(bytes).toString(encoding))).toBe(true);
    }
  }
});

test.each([
  "correct-horse-battery-staple",
  "test-token-0123456789abcdef",
  "exchange-items-at-your-keyboard",
  "s3cret-Token_0123456789x",
])("%s is strong", (secret) => {
  expect(isStrong(secret)).toBe(true);
});

test.each([
  "",
  "tr0ub4dor",
  "s3cret-Token_0123456789",
  "a".repeat(64),
  "ab".repeat(20),
  "passw0rd".repeat(4),
  "passw0rdpassw0rdpassw0rdpa",
  "0123456789".repeat(3),
  "abcdefghijklmnopqrstuvwxyz",
  "zyxwvutsrqponmlkjihgfedcba",
  "please-change-me-before-you-start",
  "CHANGEME_0123456789_abcdef",
  "replace_this-0123456789-abcdef",
  "your-gateway-token-0123456789",
  "<a-long-random-token-of-yours>",
  "${OPENCLAW_GATEWAY_TOKEN_OF_MINE}",
])("%j is weak", (secret) => {
  expect(isStrong(secret)).toBe(false);
});

test("no repetition is strong, whatever is repeated and wherever it is cut off", () => {
  const unit = fc.string({
    unit: fc.constantFrom("a", "b", "k", "z", "A", "Q", "0", "5", "9", "-", "_"),
    minLength: 1,
  });
  fc.assert(
    fc.property(unit, fc.integer({ min: 2, max: 30 }), fc.nat(9), (text, times, rest) => {
      expect(isStrong(text.repeat(times) + text.slice(0, rest))).toBe(false);
    }),
    { numRuns: 200 },
  );
});

describe("of what is usable on loopback", () => {
  const find = (auth: object): string[] => findWeakAuth(parseConfig({ gateway: { auth } })).map(({ key }) => key);

  test.each([
    { auth: {}, keys: [] },
    { auth: { token: "s3cret-Token_0123456789x" }, keys: [] },
    { auth: { mode: "none" }, keys: ["gateway.auth.mode"] },
    { auth: { mode: "password", password: "correct-horse-battery-staple" }, keys: [] },
    { auth: { mode: "password", password: "tr0ub4dor" }, keys: ["gateway.auth.password"] },
    { auth: { mode: "password", password: "o".repeat(40) }, keys: ["gateway.auth.password"] },
  ])("$auth is warned of by $keys", ({ auth, keys }) => {
    expect(find(auth)).toEqual(keys);
  });
});
