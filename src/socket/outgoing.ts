import type { Check } from "@clawgate/contract";
import { socketEvents, type SocketEvents, socketMethods, type SocketMethods } from "../base/contract.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";

export interface OutgoingParts {
  readonly mode: "throw" | "count" | "off";
  readonly log: Log;
  readonly metrics: Pick<Metrics, "violation">;
}

/** Holds what leaves against the contract, as the HTTP side does: see `gateway.checkAnswers`. */
export class Outgoing {
  readonly #parts: OutgoingParts;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  payload<M extends keyof SocketMethods>(method: M, payload: SocketMethods[M]["payload"]): void {
    this.#check(method, socketMethods[method].checkPayload, payload);
  }

  /** As JSON text. */
  event<E extends keyof SocketEvents>(name: E, payload: SocketEvents[E]): string {
    this.#check(name, socketEvents[name], payload);
    return JSON.stringify(payload);
  }

  #check(name: string, check: Check<unknown>, payload: unknown): void {
    const { mode, log, metrics } = this.#parts;
    if (mode === "off") return;
    const violation = check(payload, "the payload");
    if (violation === undefined) return;
    metrics.violation(name);
    log.error({ operation: name, violation: violation.message }, "an answer breaks the contract");
    if (mode === "throw") throw new Error(`${name}: an answer breaks the contract: ${violation.message}`);
  }
}
