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

/** Every event has all the text so far, so the longer it is, the less often there is one: some 400 KB a second at most. */
const paceMs = 50;
const charactersPerMs = 400;

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
        this.#tellNow();
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
    this.#tellNow();
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
  };

  #tellSoon(): void {
    if (this.#parts.isLate) return;
    const waitMs = Math.max(paceMs, (this.#said.due + this.#thought.due) / charactersPerMs);
    this.#timer ??= setTimeout(this.#tellNow, Math.max(0, this.#toldAt + waitMs - performance.now()));
  }

  readonly #tellNow = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#parts.isLate) return;
    this.#toldAt = performance.now();
    const thought = this.#thought.take();
    if (thought !== "") this.#agent("thinking", { text: this.#thought.text, delta: thought });
    const deltaText = this.#said.take();
    if (deltaText === "") return;
    const { text } = this.#said;
    this.#agent("assistant", { text, delta: deltaText });
    this.#chat({ state: "delta", deltaText, message: toAnswerMessage(text) });
  };

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
    return this.text.length > this.#told ? this.text.length : 0;
  }

  add(piece: string): void {
    this.text += piece;
  }

  take(): string {
    const fresh = this.text.slice(this.#told);
    this.#told = this.text.length;
    return fresh;
  }
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
