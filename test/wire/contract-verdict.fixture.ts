import { expect } from "vitest";
import { type ErrorBody, type ErrorCode, errorCodes } from "../../src/base/contract.ts";
import type { SharedGateway } from "../gateway.fixture.ts";

/**
 * A body, merged over a call that the gateway answers; a field that is undefined is left out. Without a code it is
 * answered too.
 */
export type Row = readonly [name: string, body: object, code?: ErrorCode, param?: string | null];

const base = { model: "openclaw", messages: [{ role: "user", content: "Say ok." }] };

/** Sends each body and compares status, code and param, all rows at once so that a failure shows every wrong one. */
export async function expectVerdicts(gateway: SharedGateway, rows: readonly Row[]): Promise<void> {
  const found: Record<string, string> = {};
  const wanted: Record<string, string> = {};
  for (const [name, body, code, param] of rows) {
    found[name] = await toVerdict(gateway, { ...base, ...body });
    wanted[name] = code === undefined ? "200" : `${errorCodes[code].status} ${code} ${param}`;
  }
  expect(Object.keys(wanted)).toHaveLength(rows.length);
  expect(found).toEqual(wanted);
}

async function toVerdict({ chat }: SharedGateway, body: object): Promise<string> {
  const response = await chat(body);
  const text = await response.text();
  if (response.status === 200) return "200";
  const { error } = JSON.parse(text) as ErrorBody;
  expect(Object.keys(error).toSorted()).toEqual(["code", "message", "param", "type"]);
  expect(error.type).toBe(errorCodes[error.code].type);
  if (error.param !== null && response.status === 400) expect(error.message).toContain(error.param);
  return `${response.status} ${error.code} ${error.param}`;
}
