import type { FetchLike } from "@modelcontextprotocol/client";
import { Agent, fetch } from "undici";
import { messageBytesMax } from "./limits.ts";

/** A `fetch` with connections of its own, whose answers have a longest length. */
export interface BoundedFetch {
  readonly fetch: FetchLike;
  close(): Promise<void>;
}

/** It has no clock: the transport aborts each request when nobody waits for its answer any more. */
export function createBoundedFetch(connectMs: number): BoundedFetch {
  const agent = new Agent({ connect: { timeout: connectMs }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    fetch: async (url, init) => {
      // The two packages declare the same interfaces of the Fetch standard, each for itself.
      const own = { ...init, dispatcher: agent } as Parameters<typeof fetch>[1];
      const { body, status, statusText, headers } = await fetch(url, own);
      const bounded = (body as ReadableStream<Uint8Array> | null)?.pipeThrough(createLimit());
      return new Response(bounded ?? null, { status, statusText, headers: [...headers] });
    },
    close: () => agent.destroy(),
  };
}

/** Counts what comes out of the decoder, not what came in: a small compressed answer may be a large one. */
function createLimit(): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > messageBytesMax) controller.error(new Error(`an answer of more than ${messageBytesMax} bytes`));
      else controller.enqueue(chunk);
    },
  });
}
