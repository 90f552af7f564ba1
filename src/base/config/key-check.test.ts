import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { assertUsable } from "./check.ts";
import { ConfigError } from "./config-error.ts";
import { findExpiring, toExpiry } from "./key-check.ts";
import { parseConfig } from "./load.ts";

const digest = (text: string): string => hash("sha256", text);
const sha256 = digest("cgk_one");
const withKeys = (keys: object, auth: object = {}, more: object = {}): object => ({
  gateway: { auth: { ...auth, keys } },
  ...more,
});
const token = "s3cret-Token_0123456789x";

const usable: readonly { readonly name: string; readonly config: object }[] = [
  { name: "a key that is only a digest", config: withKeys({ ci: { sha256 } }) },
  { name: "one in mode password", config: withKeys({ ci: { sha256 } }, { mode: "password", password: token }) },
  { name: "one for the agent that is there without a list", config: withKeys({ ci: { sha256, agents: ["main"] } }) },
  { name: "two with digests of their own", config: withKeys({ a: { sha256 }, b: { sha256: digest("cgk_two") } }) },
  ...["2027-01-01", "2028-02-29", "2027-01-01T12:00Z", "2027-01-01T12:00:00+02:00"].map((expires) => ({
    name: `one until ${expires}`,
    config: withKeys({ ci: { sha256, expires } }),
  })),
];
test.each(usable)("$name is usable", ({ config }) => {
  expect(() => assertUsable(parseConfig(config))).not.toThrow();
});

const unusable: readonly { readonly name: string; readonly config: object; readonly says: RegExp }[] = [
  { name: "a key without a digest", config: withKeys({ ci: {} }), says: /keys\.ci\.sha256/ },
  { name: "a key instead of its digest", config: withKeys({ ci: { sha256: "cgk_x" } }), says: /keys\.ci\.sha256/ },
  { name: "a name in capitals", config: withKeys({ CI: { sha256 } }), says: /keys/ },
  { name: "the operator's name", config: withKeys({ operator: { sha256 } }), says: /keys\.operator .*name/ },
  { name: "a scope that there is not", config: withKeys({ ci: { sha256, scopes: ["all"] } }), says: /scopes\[0\]/ },
  { name: "no scope", config: withKeys({ ci: { sha256, scopes: [] } }), says: /scopes/ },
  { name: "no agent", config: withKeys({ ci: { sha256, agents: [] } }), says: /agents/ },
  { name: "an agent that does not exist", config: withKeys({ ci: { sha256, agents: ["x"] } }), says: /agents .*'x'/ },
  { name: "keys in mode none", config: withKeys({ ci: { sha256 } }, { mode: "none" }), says: /keys .*'none'/ },
  { name: "one key twice", config: withKeys({ a: { sha256 }, b: { sha256 } }), says: /keys\.b\.sha256 .*keys\.a/ },
  {
    name: "one key twice, in other letters",
    config: withKeys({ a: { sha256 }, b: { sha256: sha256.toUpperCase() } }),
    says: /keys\.b\.sha256 .*keys\.a/,
  },
  {
    name: "the token as a key",
    config: withKeys({ ci: { sha256: digest(token) } }, { token }),
    says: /keys\.ci\.sha256 .*operator/,
  },
  ...["", "\n", "changeme", "test\n"].map((text) => ({
    name: `the digest of ${JSON.stringify(text)}`,
    config: withKeys({ ci: { sha256: digest(text) } }),
    says: /keys\.ci\.sha256 .*placeholder/,
  })),
  ...["2027-02-30", "2027-13-01", "2027-01-01T25:00Z", "2026-02-29"].map((expires) => ({
    name: `an end on ${expires}`,
    config: withKeys({ ci: { sha256, expires } }),
    says: /keys\.ci\.expires .*no date/,
  })),
  ...["tomorrow", "2027-1-1", "2027-01-01T12:00", "01.01.2027"].map((expires) => ({
    name: `an end on ${expires}`,
    config: withKeys({ ci: { sha256, expires } }),
    says: /keys\.ci\.expires/,
  })),
];
test.each(unusable)("$name is refused", ({ config, says }) => {
  const check = (): void => assertUsable(parseConfig(config));
  expect(check).toThrow(ConfigError);
  expect(check).toThrow(says);
});

test("a date is its first moment in UTC", () => {
  expect(toExpiry({ sha256, scopes: ["chat"], sessions: "own", expires: "2027-01-01" }, "x")).toBe(
    Date.UTC(2027, 0, 1),
  );
});

describe("of the end of a key", () => {
  const warn = (expires: string): (string | undefined)[] => {
    const config = parseConfig(withKeys({ ci: { sha256, expires }, free: { sha256 } }));
    return findExpiring(config, Date.UTC(2027, 0, 1)).map(({ key, problem }) => `${key} ${problem}`);
  };

  test.each([
    { expires: "2027-01-16", want: [] },
    { expires: "2027-01-15", want: [expect.stringMatching(/^gateway\.auth\.keys\.ci\.expires .*in 14 days$/)] },
    { expires: "2027-01-02", want: [expect.stringMatching(/within a day$/)] },
    { expires: "2027-01-01", want: [expect.stringMatching(/is past/)] },
    { expires: "2020-01-01", want: [expect.stringMatching(/is past/)] },
  ])("$expires, the start and doctor say $want", ({ expires, want }) => {
    expect(warn(expires)).toEqual(want);
  });
});
