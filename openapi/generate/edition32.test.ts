import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { MediaType, OpenApi, Operation, Response } from "./document.ts";
import { toEdition32 } from "./edition32.ts";

function load(name: string): OpenApi {
  return JSON.parse(readFileSync(new URL(`../../generated/${name}`, import.meta.url), "utf8")) as OpenApi;
}

function listMedia(document: OpenApi): [type: string, media: MediaType][] {
  const operations = Object.values(document.paths).flatMap((methods): Operation[] => Object.values(methods));
  const responses = operations.flatMap((operation): Response[] => Object.values(operation.responses));
  return responses.flatMap(({ content }) => Object.entries(content ?? {}));
}

describe("the generated edition 3.2", () => {
  const edition31 = load("openapi.json");
  const edition32 = load("openapi-3.2.json");

  test("is what the generator makes of edition 3.1", () => {
    expect(edition31.openapi).toBe("3.1.0");
    expect(edition32.openapi).toBe("3.2.0");
    expect(toEdition32(edition31)).toEqual(edition32);
  });

  test("describes every stream by its items and by nothing else", () => {
    const streams = (document: OpenApi) => listMedia(document).filter(([type]) => type === "text/event-stream");
    expect(streams(edition32).length).toBeGreaterThan(0);
    expect(streams(edition32)).toEqual(
      streams(edition31).map(([type, { schema }]) => {
        const description = expect.stringContaining("[DONE]") as string;
        const data = { type: "string", description, contentMediaType: "application/json", contentSchema: schema };
        return [type, { itemSchema: { type: "object", required: ["data"], properties: { data } } }];
      }),
    );
  });

  test("has the same schemas for everything else", () => {
    const others = (document: OpenApi) => listMedia(document).filter(([type]) => type !== "text/event-stream");
    expect(others(edition32)).toEqual(others(edition31));
    expect(edition32.components).toEqual(edition31.components);
    expect(others(edition31).every(([, media]) => "schema" in media)).toBe(true);
  });
});

test("a stream without an end says nothing of one, and the source stays as it was", () => {
  const document = {
    openapi: "3.1.0",
    info: {},
    components: { schemas: {} },
    paths: {
      "/a": {
        get: {
          operationId: "a",
          responses: {
            200: { description: "", content: { "text/event-stream": { schema: { type: "object" }, examples: {} } } },
          },
        },
      },
    },
  } as unknown as OpenApi;
  const before = structuredClone(document);
  const media = listMedia(toEdition32(document))[0]?.[1];
  expect(JSON.stringify(media)).not.toMatch(/literal|examples/);
  expect(media).toMatchObject({ itemSchema: { properties: { data: { contentSchema: { type: "object" } } } } });
  expect(document).toEqual(before);
});
