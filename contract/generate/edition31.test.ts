import { expect, test } from "vitest";
import type { OpenApi } from "./document.ts";
import { toEdition31 } from "./edition31.ts";

function withMedia(content: Record<string, unknown>, place: "operation" | "shared" = "operation"): OpenApi {
  const response = { description: "", content };
  const document = {
    openapi: "3.2.0",
    info: {},
    components: { schemas: {}, responses: place === "shared" ? { R: response } : {} },
    paths: place === "shared" ? {} : { "/a": { get: { operationId: "a", responses: { 200: response } } } },
  };
  return document as unknown as OpenApi;
}

const item = { $ref: "#/components/schemas/Event" };
const json = { type: "string", contentMediaType: "application/json", contentSchema: item };
const rows: readonly (readonly [given: string, source: object, want: object])[] = [
  ["JSON in its data", { itemSchema: { properties: { data: json } } }, { schema: item }],
  ["a text in its data", { itemSchema: { properties: { data: { type: "string" } } } }, { schema: { type: "string" } }],
  [
    "an end and examples",
    { itemSchema: { properties: { data: json } }, "x-sse-end": "[DONE]", "x-event-examples": { a: { value: 1 } } },
    { schema: item, "x-sse-end": "[DONE]", examples: { a: { value: 1 } } },
  ],
];

test.for(rows)(
  "a stream with %s is described by one event's data, and the source stays as it was",
  ([, source, want]) => {
    const document = withMedia({ "text/event-stream": source, "application/json": { schema: item } });
    const before = structuredClone(document);
    expect(toEdition31(document)).toEqual({
      ...withMedia({ "text/event-stream": want, "application/json": { schema: item } }),
      openapi: "3.1.0",
    });
    expect(document).toEqual(before);
  },
);

test("so is one in a shared response", () => {
  const [, source, want] = rows[0] ?? [];
  const { components } = toEdition31(withMedia({ "text/event-stream": source }, "shared"));
  expect(components["responses"]).toEqual({ R: { description: "", content: { "text/event-stream": want } } });
});

test.for<[what: string, type: string, media: object]>([
  ["itemSchema is read for text/event-stream, but not for application/jsonl", "application/jsonl", { itemSchema: {} }],
  ["needs properties.data", "text/event-stream", { itemSchema: {} }],
  [
    "needs a contentSchema",
    "text/event-stream",
    { itemSchema: { properties: { data: { contentMediaType: "application/json" } } } },
  ],
])("the generator stops: %s", ([what, type, media]) => {
  expect(() => toEdition31(withMedia({ [type]: media }))).toThrow(what);
});
