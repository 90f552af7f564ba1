import { createParser } from "eventsource-parser";
import { GatewayError } from "../../base/errors.ts";
import { Gathered } from "../../base/gathered.ts";
import { answerBytesMax } from "../../outbound/connections.ts";
import { toWebPageError } from "../../outbound/failure.ts";
import type { UpstreamHead } from "../../outbound/send.ts";

/** The longest event that is held, in characters: a server may give all of an answer in one. */
const eventCharactersMax = answerBytesMax;

/** Takes the bytes of one answer and gives on each JSON value in it. */
export interface BodyReader {
  /**
   * True once the server has said that nothing more comes. Throws `upstream_error` for an event that is too long or no
   * JSON, after it has given on the ones before, for a web page, and whatever the taker of the values throws.
   */
  read(bytes: Uint8Array): boolean;
  /** The body is over. */
  end(): void;
}

/**
 * A server that was asked for a stream may still answer as a whole, and the other way round. What it is, its first
 * character says: types are often wrong, and count only where it says nothing.
 */
export function createBodyReader({ headers }: UpstreamHead, take: (value: unknown) => void): BodyReader {
  return new AnyReader(String(headers["content-type"] ?? ""), take);
}

/** Waits for the first character that is no white space. */
class AnyReader implements BodyReader {
  readonly #type: string;
  readonly #take: (value: unknown) => void;
  #reader: BodyReader | undefined;

  constructor(type: string, take: (value: unknown) => void) {
    this.#type = type;
    this.#take = take;
  }

  read(bytes: Uint8Array): boolean {
    if (this.#reader !== undefined) return this.#reader.read(bytes);
    const first = bytes.find((byte) => !blanks.has(byte));
    // White space alone is a sign of life.
    if (first === undefined) return false;
    this.#reader = this.#choose(first);
    return this.#reader.read(bytes);
  }

  end(): void {
    this.#reader ??= this.#choose(undefined);
    this.#reader.end();
  }

  #choose(first: number | undefined): BodyReader {
    const take = this.#take;
    if (first !== undefined && jsonStarts.has(first)) return new WholeReader(take);
    if (first !== undefined && eventStarts.has(first)) return new EventReader(take);
    if (first === lessThan || /^text\/html/i.test(this.#type)) throw toWebPageError();
    return /^application\/(?:[\w.-]+\+)?json/i.test(this.#type) ? new WholeReader(take) : new EventReader(take);
  }
}

function toCodes(characters: string): ReadonlySet<number> {
  return new Set(Buffer.from(characters));
}

/** The bytes of a byte order mark among them. */
const blanks = toCodes(" \t\r\n\ufeff");
const jsonStarts = toCodes("{[");
/** Of comments, and of the fields `data`, `event`, `id` and `retry`. */
const eventStarts = toCodes(":deir");
const lessThan = 0x3c;

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
  readonly #gathered = new Gathered();
  readonly #take: (value: unknown) => void;

  constructor(take: (value: unknown) => void) {
    this.#take = take;
  }

  read(bytes: Uint8Array): boolean {
    this.#gathered.add(bytes);
    return false;
  }

  end(): void {
    const text = new TextDecoder().decode(this.#gathered.take());
    this.#take(parseJson(text, "The model provider sent something that is no JSON."));
  }
}

/** Throws `upstream_error` with this message. The parser's own error quotes the text, which is not for the log either. */
export function parseJson(text: string, message: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const cause = new Error(`no JSON in ${text.length} characters`);
    throw new GatewayError("upstream_error", message, { cause });
  }
}
