import { describe, expect, test } from "vitest";
import { assertUsable, isLoopback, toHost } from "./check.ts";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load.ts";

describe("toHost", () => {
  const hosts: readonly { readonly bind: string; readonly want: string; readonly local: boolean }[] = [
    { bind: "loopback", want: "127.0.0.1", local: true },
    { bind: "localhost", want: "127.0.0.1", local: true },
    { bind: "127.0.0.2", want: "127.0.0.2", local: true },
    { bind: "::1", want: "::1", local: true },
    { bind: "lan", want: "0.0.0.0", local: false },
    { bind: "0.0.0.0", want: "0.0.0.0", local: false },
    { bind: "::", want: "::", local: false },
    { bind: "192.168.1.2", want: "192.168.1.2", local: false },
  ];
  test.each(hosts)("$bind is $want (loopback: $local)", ({ bind, want, local }) => {
    expect(toHost(bind)).toBe(want);
    expect(isLoopback(toHost(bind))).toBe(local);
  });

  test.each(["example.com", "127.0.0", "127.evil.example", "LAN", " lan", "[::1]"])("%j is no address", (bind) => {
    expect(() => toHost(bind)).toThrow(/^gateway\.bind /);
  });
});

const strong = "s3cret-Token_0123456789x";
const short = strong.slice(1);
const auth = (value: object, bind = "loopback"): object => ({ gateway: { bind, auth: value } });
const list = (...agents: object[]): object => ({ agents: { list: agents } });
const alias = (name: string, id: string, ...agents: object[]): object => ({
  agents: { aliases: { [name]: id }, list: agents },
});

const usable: readonly { readonly name: string; readonly config: object }[] = [
  { name: "nothing at all", config: {} },
  { name: "a strong token on loopback", config: auth({ token: strong }) },
  { name: "a password that people can type, on loopback", config: auth({ mode: "password", password: "tr0ub4dor" }) },
  { name: "a strong token on the network", config: auth({ token: strong }, "lan") },
  { name: "no token on the network, since one is made", config: auth({}, "lan") },
  { name: "a strong password on the network", config: auth({ mode: "password", password: strong }, "::") },
  { name: "mode none on loopback", config: auth({ mode: "none" }, "::1") },
  { name: "main without a mark", config: list({ id: "main" }, { id: "beta" }) },
  { name: "another agent with the mark", config: list({ id: "beta", default: true }) },
  { name: "an alias of the agent that is there without a list", config: alias("gpt-4o", "main") },
  { name: "an alias that only begins like a name of clawgate", config: alias("openclaws", "main") },
];
test.each(usable)("$name is usable", ({ config }) => {
  expect(() => assertUsable(parseConfig(config))).not.toThrow();
});

const unusable: readonly { readonly name: string; readonly config: object; readonly says: RegExp }[] = [
  ...["", " ", "changeme", "ChangeMe", " token ", "undefined", "null", "${TOKEN}", "${x"].map((token) => ({
    name: `the token ${JSON.stringify(token)}`,
    config: auth({ token }),
    says: /^gateway\.auth\.token .*placeholder/,
  })),
  ...["two words", "tab\tbed", "schl\u00fcssel", "line\n", "\u007f"].map((token) => ({
    name: `the token ${JSON.stringify(token)}`,
    config: auth({ token }),
    says: /^gateway\.auth\.token .*ASCII/,
  })),
  { name: "a token of one character", config: auth({ token: "a" }), says: /^gateway\.auth\.token .*1 character;.*24/ },
  { name: "a short token on loopback", config: auth({ token: short }), says: /^gateway\.auth\.token .*24.*openssl/ },
  {
    name: "a token that repeats itself",
    config: auth({ token: "x".repeat(64) }),
    says: /^gateway\.auth\.token .*repeats/,
  },
  {
    name: "a password that repeats itself, on the network",
    config: auth({ mode: "password", password: "passw0rd".repeat(4) }, "lan"),
    says: /^gateway\.auth\.password .*repeats/,
  },
  { name: "a short token on the network", config: auth({ token: short }, "lan"), says: /^gateway\.auth\.token .*24/ },
  {
    name: "a short password on the network",
    config: auth({ mode: "password", password: short }, "0.0.0.0"),
    says: /^gateway\.auth\.password .*24/,
  },
  { name: "a placeholder password", config: auth({ mode: "password", password: "password" }), says: /placeholder/ },
  { name: "mode password without one", config: auth({ mode: "password" }), says: /gateway\.auth\.password/ },
  { name: "a password in mode token", config: auth({ password: strong }), says: /^gateway\.auth\.password .*mode/ },
  { name: "mode none on the network", config: auth({ mode: "none" }, "lan"), says: /^gateway\.auth\.mode .*loopback/ },
  { name: "an id twice", config: list({ id: "main" }, { id: "a" }, { id: "a" }), says: /'a' twice/ },
  { name: "two marks", config: list({ id: "a", default: true }, { id: "b", default: true }), says: /'a' and 'b'/ },
  { name: "no mark and no main", config: list({ id: "Main" }), says: /default/ },
  {
    name: "an agent that the name of the default hides",
    config: list({ id: "main" }, { id: "default" }),
    says: /default/,
  },
  { name: "an alias of nobody", config: alias("x", "nobody"), says: /aliases\['x'\].*'nobody'/ },
  {
    name: "an alias of main, which the list has not",
    config: alias("x", "main", { id: "a", default: true }),
    says: /'main'/,
  },
  ...["openclaw", "openclaw:x", "openclaw/default", "agent:x"].map((name) => ({
    name: `the alias ${name}`,
    config: alias(name, "main"),
    says: /would hide/,
  })),
];
test.each(unusable)("$name is refused", ({ config, says }) => {
  const check = (): void => assertUsable(parseConfig(config));
  expect(check).toThrow(ConfigError);
  expect(check).toThrow(says);
});

test("no refusal shows the secret", () => {
  for (const config of [auth({ token: short }), auth({ mode: "password", password: short }, "lan")]) {
    expect(() => assertUsable(parseConfig(config))).not.toThrow(short);
  }
});

test.each(["", "proxy.example", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "::/129", "10.0.0.0/a", "10.0.0/8"])(
  "the proxy %j is refused",
  (proxy) => {
    const check = (): void => assertUsable(parseConfig({ gateway: { trustedProxies: ["::1", proxy || "/"] } }));
    expect(check).toThrow(/^gateway\.trustedProxies\[1\] .*10\.0\.0\.0\/8/);
  },
);

test.each(["0.0.0.0/0", "::/0"])("the proxy %s, which is everybody, is refused", (proxy) => {
  const check = (): void => assertUsable(parseConfig({ gateway: { trustedProxies: [proxy] } }));
  expect(check).toThrow(/^gateway\.trustedProxies\[0\] .*everybody/);
});
