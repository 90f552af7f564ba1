import { setImmediate as nextTurn } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { FetchLike } from "@modelcontextprotocol/client";
import { Agent, fetch } from "undici";
import { countCommas } from "../../base/json-text.ts";
import { messageBytesMax, messageValuesMax } from "./limits.ts";

/** A `fetch` with connections of its own. Each answer has a longest length, or if it is a stream each of its events. */
export interface BoundedFetch {
  readonly fetch: FetchLike;
  close(): Promise<void>;
}

/**
 * It has no clock: the transport aborts each request when nobody waits for its answer any more. `admit` turns each
 * message that comes, as JSON or as an event, into the one that the library shall read.
 */
export function createBoundedFetch(connectMs: number, admit: (message: unknown) => unknown): BoundedFetch {
  const agent = new Agent({ connect: { timeout: connectMs }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    fetch: async (url, init) => {
      // The two packages declare the same interfaces of the Fetch standard, each for itself.
      const own = { ...init, dispatcher: agent } as Parameters<typeof fetch>[1];
      const { body, status, statusText, headers } = await fetch(url, own);
      const given = body as ReadableStream<Uint8Array> | null;
      const answer = { status, statusText, headers: new Headers([...headers]) };
      // One that tells of changes may go on for weeks.
      if (given !== null && status === 200 && toType(answer.headers) === "text/event-stream")
        return new Response(admitEvents(given, admit), answer);
      const reading = new Response(given?.pipeThrough(createLimit()) ?? null, answer);
      return given === null ? reading : admitWhole(reading, admit);
    },
    close: () => agent.destroy(),
  };
}

/** An answer whose length and encoding are no longer those of its headers, which the library does not look at. */
async function admitWhole(answer: Response, admit: (message: unknown) => unknown): Promise<Response> {
  const { status, statusText, headers } = answer;
  const type = toType(headers);
  if (!answer.ok || !jsonTypes.has(type)) return answer;
  const given = await answer.text();
  if (given.length > longUnits) await nextTurn();
  const text = admitText(given, admit);
  if (given.length > longUnits) await nextTurn();
  if (type !== "application/json" && /^\s*[{[]/.test(text)) headers.set("content-type", "application/json");
  return new Response(text, { status, statusText, headers });
}

function toType(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
}

/** Between reading, rewriting and handing on a longer message the event loop has a turn. */
const longUnits = 1_000_000;

/** What servers call their JSON; the library knows the first name alone. */
const jsonTypes = new Set<string | undefined>([
  "application/json",
  "application/json-rpc",
  "application/jsonrequest",
  "application/vnd.api+json",
  "application/octet-stream",
  "text/json",
  "text/plain",
  undefined,
]);

/** What is no JSON, or is nested deeper than JSON is written, stays as it is, for the library to complain of. */
function admitText(text: string, admit: (message: unknown) => unknown): string {
  if (countCommas(text, messageValuesMax) > messageValuesMax)
    throw new Error(`a message of more than ${messageValuesMax} values`);
  try {
    return JSON.stringify(admit(JSON.parse(text)));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError) return text;
    throw cause;
  }
}

function admitEvents(body: ReadableStream<Uint8Array>, admit: (message: unknown) => unknown): ReadableStream {
  let retry = "";
  const events = new EventSourceParserStream({
    maxBufferSize: messageBytesMax,
    onRetry: (ms) => {
      retry = `retry: ${ms}\n`;
    },
  });
  const rewrite = new TransformStream<{ id?: string; event?: string; data: string }, string>({
    transform({ id, event, data }, controller) {
      const head = `${retry}${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}`;
      retry = "";
      const lines = admitText(data, admit).split("\n");
      controller.enqueue(`${head}${lines.map((line) => `data: ${line}\n`).join("")}\n`);
    },
  });
  // The DOM's and Node's declarations of the same stream differ in the type of buffers alone.
  const decoder = new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>;
  return body
    .pipeThrough(decoder)
    .pipeThrough(createLastEnd())
    .pipeThrough(events)
    .pipeThrough(rewrite)
    .pipeThrough(new TextEncoderStream());
}

/** The blank line that ends an event: hand-written servers forget it behind their last. */
function createLastEnd(): TransformStream<string, string> {
  return new TransformStream({ flush: (controller) => controller.enqueue("\n\n") });
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
