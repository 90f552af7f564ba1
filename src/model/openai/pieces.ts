import { GatewayError } from "../../base/errors.ts";
import type { ModelEvent } from "../model.ts";
import type { UpstreamAnswer } from "../../outbound/send.ts";
import type { AnswerReader } from "./answer-reader.ts";
import { createEventReader } from "./event-reader.ts";
import { parseJson } from "./json.ts";

/** Turns the bytes of an answer into model events. */
export interface PieceReader {
  /** True once the server has said that nothing more comes. */
  readonly done: boolean;
  read(bytes: Uint8Array): Iterable<ModelEvent>;
  end(): ModelEvent[];
}

/** A server that was asked for a stream may still answer as a whole. Throws `upstream_error` for a web page. */
export function createPieceReader({ headers }: UpstreamAnswer, answer: AnswerReader): PieceReader {
  const type = String(headers["content-type"]);
  if (/^text\/html/i.test(type)) {
    throw new GatewayError("upstream_error", "The model provider answered with a web page; its base URL may be wrong.");
  }
  return /^application\/json/i.test(type) ? readWhole(answer) : readStream(answer);
}

function readStream(answer: AnswerReader): PieceReader {
  const events = createEventReader();
  return {
    get done() {
      return events.done;
    },
    *read(bytes) {
      for (const piece of events.read(bytes)) yield* answer.read(piece);
    },
    end: () => answer.end(),
  };
}

function readWhole(answer: AnswerReader): PieceReader {
  const parts: Uint8Array[] = [];
  return {
    done: false,
    read(bytes) {
      parts.push(bytes);
      return [];
    },
    end: () => [...answer.read(parseWhole(parts)), ...answer.end()],
  };
}

function parseWhole(parts: readonly Uint8Array[]): unknown {
  return parseJson(Buffer.concat(parts).toString("utf8"), "The model provider sent something that is no JSON.");
}
