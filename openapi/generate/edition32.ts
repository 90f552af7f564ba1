import type { MediaType, OpenApi } from "./document.ts";

/**
 * The OpenAPI 3.2 edition: a stream is described by `itemSchema`, one item being an event with its fields
 * (OpenAPI 3.2.0 section 4.14.4, "Sequential Media Types"), where 3.1 can only give the schema of the data.
 */
export function toEdition32(document: OpenApi): OpenApi {
  const edition = structuredClone(document);
  edition.openapi = "3.2.0";
  for (const methods of Object.values(edition.paths)) {
    for (const operation of Object.values(methods)) {
      for (const response of Object.values(operation.responses)) {
        const media = response.content?.["text/event-stream"];
        if (response.content && media) response.content["text/event-stream"] = toSequence(media);
      }
    }
  }
  return edition;
}

function toSequence({ schema, "x-sse-end": end, ...rest }: MediaType): MediaType {
  // The examples are of the data, not of the event.
  delete rest["examples"];
  const event = {
    type: "object",
    required: ["data"],
    properties: {
      data: {
        description: `JSON of the schema below${end === undefined ? "" : `, or the literal ${end} as the last event`}.`,
        type: "string",
        contentMediaType: "application/json",
        contentSchema: schema,
      },
    },
  };
  return { ...rest, itemSchema: event } as unknown as MediaType;
}
