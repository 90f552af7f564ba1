import type { IncomingHttpHeaders } from "node:http";
import type { SocketChange } from "./socket-proxy.ts";

/** One request on its way to the golden server. */
export interface ProxiedCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body if it is a JSON object. */
  readonly body: Record<string, unknown> | undefined;
}

/** An answer that is not streamed, or that takes the place of the golden one. */
export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A chunk of a stream; anything but an object is written as it is. */
export type Chunk = Record<string, unknown>;

/**
 * A change of a golden server. A mutant is one fault; a legal variant is something that a conforming server may do.
 * What is left out is passed on as it is.
 */
export interface Change extends SocketChange {
  readonly id: string;
  /** What is wrong, or merely different, in one sentence. */
  readonly what: string;
  /** Changes the request before the golden server sees it, or answers in its place. */
  readonly call?: (
    call: ProxiedCall,
  ) => Partial<Pick<ProxiedCall, "method" | "path" | "headers" | "bytes">> | ProxiedAnswer | undefined;
  /** Changes status, headers or body of an answer that is not streamed. */
  readonly answer?: (answer: ProxiedAnswer, call: ProxiedCall) => ProxiedAnswer;
  /** Changes the JSON of a 200 that is not streamed. */
  readonly json?: (body: Record<string, unknown>, call: ProxiedCall) => unknown;
  /** Changes one chunk of a stream: another one, several, or none. `index` counts from 0. */
  readonly chunk?: (chunk: Chunk, index: number, call: ProxiedCall) => Chunk | Chunk[] | undefined;
  /** Changes the text of one event, the blank line included; `[DONE]` too. */
  readonly frame?: (frame: string, call: ProxiedCall) => string;
  /** Changes the headers of a stream. */
  readonly streamHeaders?: (headers: Record<string, string>, call: ProxiedCall) => Record<string, string>;
  /** Holds every frame back until the stream has ended. */
  readonly buffered?: boolean;
  /** Does not tell the golden server that the client has left. */
  readonly deaf?: boolean;
  /** Passes on one call at a time; the others wait for its end. */
  readonly serial?: boolean;
  /** Keeps the body open for so long after its last byte. */
  readonly lingerMs?: number;
}

/** What a server does that a case must find. */
export interface Fault extends Change {
  /** Runs while nothing else does: the cases that find it read counters which others would move. */
  readonly alone?: boolean;
  /** The SDK major to look through; the newest unless said. */
  readonly sdk?: number;
}

export interface Mutant extends Fault {
  /** The cases that must find it, one of them at least; each of them is run. */
  readonly killedBy: readonly string[];
}

/** A typed literal, for a host's own. */
export function defineMutants(mutants: readonly Mutant[]): readonly Mutant[] {
  return mutants;
}
