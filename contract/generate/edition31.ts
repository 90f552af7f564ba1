import type { JsonSchema, MediaType, OpenApi, Response } from "./document.ts";

/** A media type as edition 3.2 may have it (OpenAPI 3.2.0 section 4.14.4, "Sequential Media Types"). */
interface SequentialMediaType extends Omit<MediaType, "schema"> {
  schema?: JsonSchema;
  /** One event, with its fields. */
  itemSchema?: JsonSchema;
  /** Examples of one event's data by name. */
  "x-event-examples"?: Record<string, unknown>;
}

/**
 * The OpenAPI 3.1 edition of a 3.2 document, for tools that read no other. 3.1 has no word for a sequence: a stream is
 * described by the schema of one event's data.
 */
export function toEdition31(document: OpenApi): OpenApi {
  const edition = structuredClone(document);
  edition.openapi = "3.1.0";
  const operations = Object.values(edition.paths).flatMap((methods) => Object.values(methods));
  const shared = Object.values((edition.components["responses"] ?? {}) as Record<string, Response>);
  for (const response of [...operations.flatMap(({ responses }) => Object.values(responses)), ...shared]) {
    for (const [type, media] of Object.entries(response.content ?? {}) as [string, SequentialMediaType][]) {
      if (response.content && media.itemSchema) response.content[type] = toDataMedia(type, media);
    }
  }
  return edition;
}

function toDataMedia(type: string, media: SequentialMediaType): MediaType {
  const { itemSchema, "x-event-examples": examples, schema: _, ...rest } = media;
  if (type !== "text/event-stream") throw new Error(`itemSchema is read for text/event-stream, but not for ${type}`);
  const data = itemSchema?.properties?.["data"];
  if (data === undefined) throw new Error("the itemSchema of a text/event-stream needs properties.data");
  const schema = data["contentMediaType"] === "application/json" ? data["contentSchema"] : data;
  if (schema === undefined) throw new Error("the data of an event in application/json needs a contentSchema");
  return { schema, ...rest, ...(examples === undefined ? {} : { examples }) } as MediaType;
}
