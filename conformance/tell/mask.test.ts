import { expect, test } from "vitest";
import { createMask, maskDeep, toSecrets } from "./mask.ts";

const key = 'sk-a+b/c="key&0123456789';
const toBase64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  { name: "plain", text: `was ${key}.`, want: "was •••." },
  { name: "twice", text: `${key}${key}`, want: "••••••" },
  { name: "percent-encoded", text: `?key=${encodeURIComponent(key)}&x`, want: "?key=•••&x" },
  {
    name: "percent-encoded in small letters",
    text: encodeURIComponent(key).replaceAll(/%../g, (code) => code.toLowerCase()),
    want: undefined,
  },
  { name: "escaped for JSON", text: JSON.stringify({ key }), want: '{"key":"•••"}' },
  { name: "base64", text: `a ${toBase64(key)} b`, want: undefined },
  { name: "base64url", text: Buffer.from(key).toString("base64url"), want: undefined },
  { name: "base64 after one letter", text: toBase64(`:${key}`), want: undefined },
  { name: "base64 of basic credentials", text: `Basic ${toBase64(`ab:${key}:cd`)}`, want: undefined },
  { name: "after Bearer", text: "authorization: bearer other-key, x", want: "authorization: bearer •••, x" },
])("masks a key that is $name", ({ text, want }) => {
  const masked = createMask([key])(text);
  expect(masked).toContain("•••");
  for (const part of [key, "0123456789", "MDEyMzQ1Njc4", "AxMjM0NTY3OD", "wMTIzNDU2Nz"])
    expect(masked).not.toContain(part);
  if (want !== undefined) expect(masked).toBe(want);
});

test("no key, or one too short to be told from words, masks nothing", () => {
  expect(createMask([""])("plain text")).toBe("plain text");
  expect(createMask(["abc"])("abcdef YWJj")).toBe("abcdef YWJj");
});

test("every text in a value is masked, and its shape stays", () => {
  const value = { a: [`x ${key}`, 1, null, true], b: { c: undefined, d: key } };
  expect(maskDeep(value, createMask([key]))).toEqual({ a: ["x •••", 1, null, true], b: { c: undefined, d: "•••" } });
});

test("a secret that a quotation has cut is masked as far as it goes", () => {
  const mask = createMask(["sk-Rr8/wQ+3nTz5-Yb6"]);
  expect(mask('{"key":"sk-Rr8/wQ+3nTz5')).toBe('{"key":"•••');
  expect(mask("/?key=sk-Rr8%2FwQ%2B3nTz5-Y&more")).toBe("/?key=•••&more");
  expect(mask("sk-R is no secret")).toBe("sk-R is no secret");
});

test("a header is secret by its name, but not one that says where a gateway shall go", () => {
  const headers = {
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": "http://127.0.0.1:8000/v1",
    "x-portkey-api-key": "pk-0123456789",
    authorization: "Basic dXNlcjpwYXNz",
  };
  const secrets = toSecrets({ baseUrl: "http://127.0.0.1:1/v1", apiKey: key, model: "m", profile: "chat", headers });
  const mask = createMask(secrets);
  expect(mask("openai at http://127.0.0.1:8000/v1")).toBe("openai at http://127.0.0.1:8000/v1");
  expect(mask("pk-0123456789 dXNlcjpwYXNz")).toBe("••• •••");
});
