import { Chunks, createChunkJson, toIdleChunk } from "./chunks.ts";
import type { AnswerHead } from "./head.ts";
import type { ChatCompletionChunk, EventStream } from "../../base/contract.ts";
import type { Listener } from "../../base/listener.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

/**
 * The chunks of a run that is logged, from any place on. It hears the run from its first event, and makes the same chunks
 * each time: that of an event has the number of the event, and those of the end go on from there. Not every event has one.
 */
export class NumberedChunks {
  readonly #chunks: Chunks;
  #seq = 0;
  #isEnding = false;

  /** Emits those behind number `after`. */
  constructor(head: AnswerHead, after: number, emit: (chunk: ChatCompletionChunk) => void) {
    this.#chunks = new Chunks(head, (chunk) => {
      if (this.#isEnding) this.#seq += 1;
      if (this.#seq > after) emit(chunk);
    });
  }

  /** The number of the chunk that is being emitted. */
  get seq(): number {
    return this.#seq;
  }

  readonly add = (event: RunEvent): void => {
    this.#seq += 1;
    if (event.type === "run-start") this.#chunks.begin();
    else this.#chunks.add(event);
  };

  end(answer: RunAnswer): void {
    this.#isEnding = true;
    this.#chunks.end(answer);
  }
}

/** Tells a logged run from its first event on, and resolves or rejects as it has ended. */
export type Source = (to: Listener<RunEvent>) => Promise<RunAnswer>;

/** The stream of a logged run behind number `after`. Its events have their numbers, by which it goes on elsewhere. */
export function toNumberedStream(source: Source, head: AnswerHead, after: number): EventStream<ChatCompletionChunk> {
  let chunks: NumberedChunks | undefined;
  return {
    async run({ signal, flow, emit }) {
      const numbered = new NumberedChunks(head, after, emit);
      chunks = numbered;
      numbered.end(await source({ signal, flow, emit: numbered.add }));
    },
    toId: () => chunks?.seq ?? 0,
    toJson: createChunkJson(head),
    idleEvent: toIdleChunk(head),
  };
}
