import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { AnyRow } from "@clawgate/contract";
import { type JsonSchema, listOperations, type OpenApi } from "@clawgate/contract/generate";
import { assert, expect, test } from "vitest";
import { operations } from "../generated/operations.ts";

interface Example {
  readonly place: string;
  readonly value: unknown;
  /** The schema that the value must have, as a pointer into the document. */
  readonly pointer: string;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every example of the document: of media types, parameters, headers and schemas. */
function listExamples(value: unknown, pointer = "#"): Example[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => listExamples(item, `${pointer}/${index}`));
  if (!isObject(value)) return [];
  const { schema, examples, example } = value;
  const named = isObject(examples) && schema !== undefined ? Object.entries(examples) : [];
  const listed = Array.isArray(examples) && schema === undefined ? examples : [];
  const single = example !== undefined && schema !== undefined ? [example] : [];
  return [
    ...named.map(([name, item]): Example => ({
      place: `${pointer} ${name}`,
      value: (item as { value: unknown }).value,
      pointer: `${pointer}/schema`,
    })),
    ...single.map((item): Example => ({ place: pointer, value: item, pointer: `${pointer}/schema` })),
    ...listed.map((item): Example => ({ place: pointer, value: item, pointer })),
    ...Object.entries(value).flatMap(([key, item]) =>
      key === "examples" || key === "example"
        ? []
        : listExamples(item, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
    ),
  ];
}

/** The examples that their schema refuses. */
function findWrong(document: OpenApi): string[] {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  ajv.addSchema(document, "contract");
  return listExamples(document).flatMap(({ place, value, pointer }) => {
    const guard = ajv.getSchema(`contract${encodeURI(pointer)}`);
    if (guard === undefined) return [`${place}: no schema`];
    return guard(value) === true ? [] : [`${place}: ${ajv.errorsText(guard.errors)}`];
  });
}

function loadContract(): OpenApi {
  return JSON.parse(readFileSync(new URL("../generated/openapi.json", import.meta.url), "utf8")) as OpenApi;
}

test("every example of the contract is what its schema says", () => {
  const document = loadContract();
  expect(listExamples(document).length).toBeGreaterThan(15);
  expect(findWrong(document)).toEqual([]);
});

test("an example that its schema refuses is found, wherever it stands", () => {
  const schema: JsonSchema = { type: "integer" };
  const document = {
    components: {
      schemas: { A: { type: "string", examples: ["right", 1] } },
      headers: { B: { schema, example: "x" } },
      parameters: { "C/D": { schema, examples: { right: { value: 1 }, wrong: { value: "x" } } } },
    },
  } as unknown as OpenApi;
  expect(findWrong(document).map((line) => line.split(":")[0])).toEqual([
    "#/components/schemas/A",
    "#/components/headers/B",
    "#/components/parameters/C~1D wrong",
  ]);
});

test("the example of an answer has no key that the contract does not name", () => {
  const document = loadContract();
  let seen = 0;
  for (const { operation } of listOperations(document)) {
    const row: AnyRow = operations[operation.operationId as keyof typeof operations];
    for (const [status, { content }] of Object.entries(operation.responses)) {
      for (const [type, { examples }] of Object.entries(content ?? {})) {
        const check = row.responses[Number(status)]?.content[type];
        for (const [name, example] of Object.entries((examples ?? {}) as Record<string, { value: unknown }>)) {
          assert(check !== undefined);
          expect(check(example.value), `${operation.operationId} ${status} ${name}`).toBeUndefined();
          seen++;
        }
      }
    }
  }
  expect(seen).toBeGreaterThan(10);
});
