import { createParser } from "eventsource-parser";
import { GatewayError } from "../../base/errors.ts";
import type { UpstreamHead } from "../../outbound/send.ts";
import { parseJson } from "./wire.ts";

/** The longest event that is held, in characters. */
const eventCharactersMax = 1024 * 1024;

/** Takes the bytes of one answer and gives on each JSON value in it. */
export interface BodyReader {
  /**
   * True once the server has said that nothing more comes. Throws `upstream_error` for an event that is too long or no
   * JSON, after it has given on the ones before, and whatever the taker of the values throws.
   */
  read(bytes: Uint8Array): boolean;
  /** The body is over. */
  end(): void;
}

/** A server that was asked for a stream may still answer as a whole. Throws `upstream_error` for a web page. */
export function createBodyReader({ headers }: UpstreamHead, take: (value: unknown) => void): BodyReader {
  const type = String(headers["content-type"]);
  if (/^text\/html/i.test(type)) {
    throw new GatewayError("upstream_error", "The model provider answered with a web page; its base URL may be wrong.");
  }
  return /^application\/json/i.test(type) ? new WholeReader(take) : new EventReader(take);
}

/** Of a `text/event-stream`. Whatever comes after `[DONE]` is ignored. */
export class EventReader implements BodyReader {
  readonly #decoder = new TextDecoder();
  readonly #take: (value: unknown) => void;
  #done = false;
  #tooLong = false;
  readonly #parser = createParser({
    maxBufferSize: eventCharactersMax,
    onEvent: ({ data }) => this.#read(data.trim()),
    onError: ({ type }) => {
      this.#tooLong ||= type === "max-buffer-size-exceeded";
    },
  });

  constructor(take: (value: unknown) => void) {
    this.#take = take;
  }

  read(bytes: Uint8Array): boolean {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
    if (this.#tooLong && !this.#done) {
      throw new GatewayError("upstream_error", "The model provider sent an event that is too long.");
    }
    return this.#done;
  }

  end(): void {
    // An event that its blank line did not end is none (WHATWG HTML, section 9.2.6).
  }

  #read(text: string): void {
    if (this.#done) return;
    if (text === "[DONE]") this.#done = true;
    // An event without a text is a sign of life.
    else if (text !== "") this.#take(parseJson(text, "The model provider sent an event that is no JSON."));
  }
}

class WholeReader implements BodyReader {
  readonly #parts: Uint8Array[] = [];
  readonly #take: (value: unknown) => void;

  constructor(take: (value: unknown) => void) {
    this.#take = take;
  }

  read(bytes: Uint8Array): boolean {
    this.#parts.push(bytes);
    return false;
  }

  end(): void {
    const text = Buffer.concat(this.#parts).toString("utf8");
    this.#take(parseJson(text, "The model provider sent something that is no JSON."));
  }
}
