import type { Deadlines } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/** The clock of one model call. */
export interface Deadline {
  /** Aborts with the caller's reason, or with `upstream_timeout`. */
  readonly signal: AbortSignal;
  /** The next piece of the answer is asked for. A reader that is slow itself does not use up the provider's time. */
  wait(): void;
  /** A piece has come. */
  arrived(): void;
  stop(): void;
}

/** Runs until `stop`. The provider has `firstTokenMs` for its first byte, `idleMs` for each further one. */
export function startDeadline({ firstTokenMs, idleMs, totalMs }: Deadlines, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  let begun = false;
  let waiting = true;
  let stopped = false;
  const expire = (message: string): void => controller.abort(new GatewayError("upstream_timeout", message));
  const total = setTimeout(expire, totalMs, `The model provider did not finish within ${totalMs} ms.`);
  const first = setTimeout(expire, firstTokenMs, `The model provider did not answer within ${firstTokenMs} ms.`);
  const idle = setTimeout(() => {
    if (begun && waiting) expire(`The model provider fell silent for ${idleMs} ms.`);
  }, idleMs);
  const onAbort = (): void => controller.abort(caller.reason);
  if (caller.aborted) onAbort();
  else caller.addEventListener("abort", onAbort, { once: true });

  return {
    signal: controller.signal,
    wait() {
      if (stopped) return;
      waiting = true;
      idle.refresh();
    },
    arrived() {
      waiting = false;
      if (begun) return;
      begun = true;
      clearTimeout(first);
    },
    stop() {
      stopped = true;
      for (const timer of [total, first, idle]) clearTimeout(timer);
      caller.removeEventListener("abort", onAbort);
    },
  };
}
