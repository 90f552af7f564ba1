import { expect } from "vitest";
import { errorCodes, type ErrorCode } from "../../src/base/contract.ts";
import type { Answer } from "./socket.fixture.ts";

export interface WantedError {
  readonly code: ErrorCode;
  /** Not looked at when it is left out. */
  readonly param?: string | null;
}

/** The one shape that every refusal has, whoever sends it: the gateway, its router or its parser. */
export function expectError({ status, headers, text }: Answer, { code, param }: WantedError, about?: string): void {
  expect(status, `${about ?? "the status"} ${text.slice(0, 120)}`).toBe(errorCodes[code].status);
  expect(text, about).toContain(`"code":"${code}"`);
  const body = JSON.parse(text) as { error: Record<string, unknown> };
  const { error } = body;
  expect(error["code"], about).toBe(code);
  expect(Object.keys(body)).toEqual(["error"]);
  expect(Object.keys(error).toSorted()).toEqual(["code", "message", "param", "type"]);
  expect(error["type"]).toBe(errorCodes[code].type);
  expect(error["message"]).toMatch(/^(?!.*(?:node_modules|\/home\/|\/work\/|\.ts:\d|\n +at )).{1,500}$/s);
  if (param !== undefined) expect(error["param"], about).toBe(param);
  expect(headers).toMatchObject({
    "content-type": "application/json; charset=utf-8",
    "content-length": `${Buffer.byteLength(text)}`,
    "cache-control": expect.stringContaining("no-store") as string,
    "x-content-type-options": "nosniff",
    "x-request-id": expect.stringMatching(/^req_[0-9a-f]{24}$/) as string,
    date: expect.stringMatching(/GMT$/) as string,
  });
}
