import { createParser } from "eventsource-parser";
import { GatewayError } from "../../base/errors.ts";
import { parseJson } from "./json.ts";

/** The longest event that is held, in characters. */
const eventCharactersMax = 1024 * 1024;

/** Takes the bytes of a `text/event-stream` and gives the JSON of its events. */
export interface EventReader {
  /** True once `[DONE]` was read; whatever comes after it is ignored. */
  readonly done: boolean;
  /** Throws `upstream_error` for an event that is too long or no JSON, after it has given the ones before. */
  read(bytes: Uint8Array): Iterable<unknown>;
}

export function createEventReader(): EventReader {
  const decoder = new TextDecoder();
  let done = false;
  let tooLong = false;
  const texts: string[] = [];
  const parser = createParser({
    maxBufferSize: eventCharactersMax,
    onEvent: ({ data }) => void texts.push(data),
    onError({ type }) {
      tooLong ||= type === "max-buffer-size-exceeded";
    },
  });
  return {
    get done() {
      return done;
    },
    *read(bytes) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      for (const given of texts.splice(0)) {
        const text = given.trim();
        if (text === "[DONE]") {
          done = true;
          return;
        }
        // An event without a text is a sign of life.
        if (text !== "") yield parseJson(text, "The model provider sent an event that is no JSON.");
      }
      if (tooLong) throw new GatewayError("upstream_error", "The model provider sent an event that is too long.");
    },
  };
}
