import { readFileSync } from "node:fs";
import { listOperations, type OpenApi } from "@clawgate/contract/generate";
import { describe, expect, test } from "vitest";

function load(name: string): OpenApi {
  return JSON.parse(readFileSync(new URL(`../generated/${name}`, import.meta.url), "utf8")) as OpenApi;
}

interface Media {
  readonly schema?: unknown;
  readonly itemSchema?: unknown;
}

function listMedia(document: OpenApi): [type: string, media: Media][] {
  const responses = listOperations(document).flatMap(({ operation }) => Object.values(operation.responses));
  return responses.flatMap(({ content }) => Object.entries(content ?? {}));
}

describe("the generated edition 3.1", () => {
  const edition31 = load("openapi.json");
  const edition32 = load("openapi-3.2.json");

  test("is named so", () => {
    expect(edition31.openapi).toBe("3.1.0");
    expect(edition32.openapi).toBe("3.2.0");
  });

  test("gives the schema of the data where the source describes every stream by its items and by nothing else", () => {
    const streams = (document: OpenApi) => listMedia(document).filter(([type]) => type === "text/event-stream");
    expect(streams(edition32).length).toBeGreaterThan(0);
    expect(streams(edition32)).toEqual(
      streams(edition31).map(([type, { schema }]) => {
        const data = expect.objectContaining({
          description: expect.stringContaining("[DONE]") as string,
          contentMediaType: "application/json",
          contentSchema: schema,
        }) as object;
        const properties = expect.objectContaining({ data }) as object;
        const itemSchema = { type: "object", required: ["data"], properties };
        return [type, expect.objectContaining({ itemSchema })];
      }),
    );
    expect(streams(edition32).every(([, media]) => media.schema === undefined)).toBe(true);
    expect(streams(edition31).every(([, media]) => media.itemSchema === undefined)).toBe(true);
  });

  test("has the same schemas for everything else", () => {
    const others = (document: OpenApi) => listMedia(document).filter(([type]) => type !== "text/event-stream");
    expect(others(edition31)).toEqual(others(edition32));
    expect(edition31.components).toEqual(edition32.components);
    expect(others(edition31).every(([, media]) => "schema" in media)).toBe(true);
  });
});
