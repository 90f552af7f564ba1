import { GatewayError } from "../base/errors.ts";

/** One request that is under way. */
export interface Passage {
  /** Aborts when the client leaves early, or when `cut` ends what is left. */
  readonly signal: AbortSignal;
  /** Ends what the request has begun; its answer is another one then. */
  readonly cut: (reason: unknown) => void;
  /** Called once the connection has taken the whole answer, or is gone. */
  leave(finished: boolean): void;
}

/** Which requests are under way, so that the end of the gateway can wait for them. */
export interface Lifecycle {
  readonly stopping: boolean;
  enter(): Passage;
  /** Refuses new calls from now on; resolves when the last request has left. */
  drain(): Promise<void>;
  /** Aborts what is still under way. */
  cut(): void;
}

export function createLifecycle(): Lifecycle {
  const passages = new Set<AbortController>();
  let stopping = false;
  let onEmpty: (() => void) | undefined;
  return {
    get stopping() {
      return stopping;
    },
    enter() {
      const controller = new AbortController();
      passages.add(controller);
      return {
        signal: controller.signal,
        cut: (reason) => controller.abort(reason),
        leave(finished) {
          passages.delete(controller);
          if (!finished) controller.abort(new GatewayError("cancelled", "The client left before the run ended."));
          if (passages.size === 0) onEmpty?.();
        },
      };
    },
    drain() {
      stopping = true;
      if (passages.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onEmpty = resolve;
      });
    },
    cut() {
      for (const controller of passages) {
        controller.abort(
          new GatewayError("shutting_down", "The gateway stopped before the run ended.", { retry: false }),
        );
      }
    },
  };
}
