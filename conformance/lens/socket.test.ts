import { expect, test } from "vitest";
import { toHead } from "./socket.ts";

const subject = { baseUrl: "http://h:1/v1", apiKey: "k", model: "m", profile: "chat" } as const;

test.for([
  { headers: { "x-tenant": "blue" }, want: ["Authorization: Bearer k", "x-tenant: blue"] },
  { headers: { authorization: "Basic abc" }, want: ["Authorization: Basic abc"] },
])("a raw head has the user's headers, and theirs instead of the key", ({ headers, want }) => {
  const lines = toHead({ ...subject, headers }, "GET", "/models", ["Accept: */*"]).split("\r\n");
  expect(lines).toEqual(["GET /v1/models HTTP/1.1", "Host: h:1", ...want, "Accept: */*", "", ""]);
});
