import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { findFramingFault, headerFieldsMax, targetCharsMax } from "./framing.ts";

interface Given {
  readonly version?: string;
  readonly method?: string;
  readonly url?: string;
  /** Names and values in turn, as Node keeps them. */
  readonly fields?: readonly string[];
}

/** What Node's parser leaves of a request, as far as it is looked at. */
function toRequest({ version = "1.1", method = "GET", url = "/", fields = ["Host", "a"] }: Given): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let index = 0; index < fields.length; index += 2) {
    headers[(fields[index] ?? "").toLowerCase()] ??= fields[index + 1] ?? "";
  }
  const [major, minor] = version.split(".").map(Number);
  const request = { method, url, headers, rawHeaders: [...fields], httpVersionMajor: major, httpVersionMinor: minor };
  // The rest of a message is of no interest to it.
  return request as unknown as IncomingMessage;
}

const host = ["Host", "localhost:18789"];
const many = (count: number): string[] => Array.from({ length: count }, () => ["x-a", "1"]).flat();
const targetMax = `/${"a".repeat(targetCharsMax - 1)}`;

test.for<[name: string, given: Given, code?: string, param?: string]>([
  ["a plain request", {}],
  ["HTTP/1.0 without a host", { version: "1.0", fields: [] }],
  ["HTTP/2.0", { version: "2.0" }, "http_version_not_supported"],
  ["HTTP/0.9", { version: "0.9" }, "http_version_not_supported"],
  ["a host with a port", { fields: host }],
  ["a host of IPv6", { fields: ["host", "[::1]:80"] }],
  ["an IPv6 host with an address of IPv4", { fields: ["host", "[::ffff:127.0.0.1]"] }],
  ["no host", { fields: [] }, "invalid_http", "host"],
  ["an empty host", { fields: ["host", ""] }, "invalid_http", "host"],
  ["a host with a user", { fields: ["host", "a@b"] }, "invalid_http", "host"],
  ["a host with a path", { fields: ["host", "a/b"] }, "invalid_http", "host"],
  ["a host with a space", { fields: ["host", "a b"] }, "invalid_http", "host"],
  ["a host with a comma", { fields: ["host", "a,b"] }, "invalid_http", "host"],
  ["a host in broken brackets", { fields: ["host", "[::1"] }, "invalid_http", "host"],
  ["a host with a port of six digits", { fields: ["host", "a:123456"] }, "invalid_http", "host"],
  ["a host that is not ASCII", { fields: ["host", "ä"] }, "invalid_http", "host"],
  ["two hosts, in two spellings", { fields: [...host, "HOST", "b"] }, "invalid_http", "host"],
  [
    "two authorizations",
    { fields: [...host, "authorization", "a", "Authorization", "a"] },
    "invalid_http",
    "authorization",
  ],
  [
    "two lengths",
    { fields: [...host, "content-length", "1", "content-length", "1"] },
    "invalid_http",
    "content-length",
  ],
  [
    "two session keys",
    { fields: [...host, "x-openclaw-session-key", "a", "x-openclaw-session-key", "b"] },
    "invalid_http",
    "x-openclaw-session-key",
  ],
  ["two of a field that nobody reads", { fields: [...host, "x-a", "1", "x-a", "2"] }],
  ["as many fields as may be", { fields: [...host, ...many(headerFieldsMax - 1)] }],
  ["one field more", { fields: [...host, ...many(headerFieldsMax)] }, "headers_too_large"],
  ["chunked", { fields: [...host, "transfer-encoding", " Chunked "] }],
  ["gzip and chunked", { fields: [...host, "transfer-encoding", "gzip, chunked"] }, "transfer_coding_not_supported"],
  ["identity", { fields: [...host, "transfer-encoding", "identity"] }, "transfer_coding_not_supported"],
  ["chunked in HTTP/1.0", { version: "1.0", fields: ["transfer-encoding", "chunked"] }, "invalid_http"],
  ["the longest path", { url: targetMax }],
  ["a longer path", { url: `${targetMax}a` }, "uri_too_long"],
  ["an absolute target", { url: "http://localhost/" }, "invalid_http"],
  ["a star", { method: "OPTIONS", url: "*" }, "invalid_http"],
  ["TRACE", { method: "TRACE" }, "method_not_allowed"],
  ["CONNECT", { method: "CONNECT", url: "a:443" }, "method_not_allowed"],
])("%s", ([, given, code, param]) => {
  const fault = findFramingFault(toRequest(given));
  expect(fault?.code).toBe(code);
  expect(fault?.param ?? undefined).toBe(param);
  if (code === "method_not_allowed") expect(fault?.headers).toEqual({ allow: "GET, POST" });
});
