import { toAnswerMessage, toText, toUsage } from "./chat-message.ts";
import type { ErrorCode, SocketEvents } from "../base/contract.ts";
import type { GatewayError } from "../base/errors.ts";
import type { RunObserver, RunOutcome } from "../run/live-runs.ts";
import type { RunEvent } from "../run/run-event.ts";

export interface TellerParts {
  /** As clients know the run. */
  readonly runId: string;
  readonly agentId: string;
  readonly startedAt: number;
  /** The run had begun before anybody watched, so what it has said so far is not known. */
  readonly isLate: boolean;
  readonly showsReasoning: boolean;
  readonly tell: Tell;
  readonly onEnd: (outcome: RunOutcome) => void;
}

/** Hands one event on to everybody who watches; `needsTools`: only to those who asked to see tools at work. */
export interface Tell {
  chat(payload: ChatPayload): void;
  agent(payload: SocketEvents["agent"], needsTools?: boolean): void;
}

/** The session's key is the reader's own. */
export type ChatPayload = SocketEvents["chat"] extends infer Event
  ? Event extends unknown
    ? Omit<Event, "sessionKey">
    : never
  : never;

type Data = SocketEvents["agent"]["data"];

/**
 * An event has all the text so far, so the longer that is, the less often there is one: some 400 KB a second at most. Of a
 * text that is longer than `wholeMax` each has only what is new, in pieces of that length.
 */
const paceMs = 50;
const charactersPerMs = 400;
const wholeMax = 262_144;

/** One run, as the events `agent` and `chat` tell it. Their numbers are those of what is told, and no hole is in them. */
export class RunTeller implements RunObserver {
  readonly #parts: TellerParts;
  readonly #said = new Growing();
  readonly #thought = new Growing();
  #seq = 0;
  #toldAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: TellerParts) {
    this.#parts = parts;
  }

  /** What the run has said so far; undefined where that is not known. */
  get text(): string | undefined {
    return this.#parts.isLate ? undefined : this.#said.text;
  }

  get runId(): string {
    return this.#parts.runId;
  }

  get startedAt(): number {
    return this.#parts.startedAt;
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case "run-start":
        return this.#agent("lifecycle", { phase: "start", startedAt: this.#parts.startedAt });
      case "text-delta":
      case "refusal-delta":
        this.#said.add(event.text);
        return this.#tellSoon();
      case "reasoning-delta":
        if (!this.#parts.showsReasoning) return;
        this.#thought.add(event.text);
        return this.#tellSoon();
      case "tool-start":
        while (this.#tellNow());
        return this.#agent("tool", { phase: "start", name: event.name, toolCallId: event.id }, true);
      case "tool-end": {
        const data = { phase: "result", name: event.name, toolCallId: event.id, isError: event.failed } as const;
        return this.#agent("tool", data, true);
      }
      case "model-start":
      case "tool-call-start":
      case "tool-call-delta":
        return;
    }
  };

  readonly onEnd = (outcome: RunOutcome): void => {
    // Others have a turn between two pieces of what is long.
    if (this.#tellNow()) setImmediate(this.onEnd, outcome);
    else this.#end(outcome);
  };

  #end(outcome: RunOutcome): void {
    const endedAt = Date.now();
    const { answer, error } = outcome;
    if (answer !== undefined) {
      this.#agent("lifecycle", { phase: "end", startedAt: this.startedAt, endedAt });
      const stopReason = answer.finishReason;
      const message = { ...toAnswerMessage(toText(answer), answer), stopReason };
      this.#chat({ state: "final", message, usage: toUsage(answer.usage), stopReason });
    } else if (isEndedByHand(error)) {
      this.#agent("lifecycle", { phase: "end", startedAt: this.startedAt, endedAt, aborted: true, stopReason: "rpc" });
      const partial = this.#said.text === "" ? {} : { message: toAnswerMessage(this.#said.text) };
      this.#chat({ state: "aborted", ...partial, stopReason: "rpc" });
    } else {
      this.#agent("lifecycle", { phase: "error", startedAt: this.startedAt, endedAt, error: error.message });
      this.#chat({ state: "error", errorMessage: error.message, errorKind: errorKinds.get(error.code) ?? "unknown" });
    }
    this.#parts.onEnd(outcome);
  }

  #tellSoon(): void {
    if (this.#parts.isLate) return;
    const waitMs = Math.max(paceMs, (this.#said.due + this.#thought.due) / charactersPerMs);
    this.#timer ??= setTimeout(this.#onTime, Math.max(0, this.#toldAt + waitMs - performance.now()));
  }

  readonly #onTime = (): void => {
    if (this.#tellNow()) this.#tellSoon();
  };

  /** A piece of what is new. True if there is more of it. */
  #tellNow(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#parts.isLate) return false;
    this.#toldAt = performance.now();
    const thought = this.#thought.take();
    if (thought !== "") this.#agent("thinking", { ...this.#thought.whole, delta: thought });
    const deltaText = this.#said.take();
    if (deltaText !== "") {
      const { whole } = this.#said;
      this.#agent("assistant", { ...whole, delta: deltaText });
      const { text } = whole;
      this.#chat({ state: "delta", deltaText, ...(text === undefined ? {} : { message: toAnswerMessage(text) }) });
    }
    return this.#said.due + this.#thought.due > 0;
  }

  #agent(stream: SocketEvents["agent"]["stream"], data: Data, needsTools = false): void {
    const { runId, tell } = this.#parts;
    tell.agent({ runId, seq: ++this.#seq, stream, ts: Date.now(), data }, needsTools);
  }

  #chat(event: ChatPayload extends infer Event ? (Event extends unknown ? Omit<Event, Head> : never) : never): void {
    const { runId, agentId, tell } = this.#parts;
    tell.chat({ runId, agentId, seq: ++this.#seq, ...event });
  }
}

type Head = "runId" | "agentId" | "seq";

/** A text, and what of it was not told yet. */
class Growing {
  text = "";
  #told = 0;

  /** The characters of an event that tells it; 0 where nothing is new. */
  get due(): number {
    return this.text.length > this.#told ? Math.min(this.text.length, wholeMax) : 0;
  }

  /** As an event has it. */
  get whole(): { readonly text?: string } {
    return this.text.length > wholeMax ? {} : { text: this.text };
  }

  add(piece: string): void {
    this.text += piece;
  }

  /** Never the half of a character. */
  take(): string {
    const from = this.#told;
    this.#told = Math.min(this.text.length, from + wholeMax);
    if (this.#told < this.text.length && isHighSurrogate(this.text.charCodeAt(this.#told - 1))) this.#told -= 1;
    return this.text.slice(from, this.#told);
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** Somebody has ended it who was asked nothing more; not the gateway, and no fault. */
export function isEndedByHand({ code }: GatewayError): boolean {
  return code === "run_cancelled" || code === "cancelled";
}

const errorKinds: ReadonlyMap<ErrorCode, "timeout" | "rate_limit" | "context_length"> = new Map([
  ["upstream_timeout", "timeout"],
  ["rate_limit_exceeded", "rate_limit"],
  ["insufficient_quota", "rate_limit"],
  ["context_length_exceeded", "context_length"],
]);
