import { startPatience } from "../base/deadline.ts";

/** A signal that aborts with its parent, or when its time is over. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  isOver(): boolean;
  /** Leaves no timer and no listener behind. */
  stop(): void;
}

export function startTimeLimit(ms: number, parent: AbortSignal): TimeLimit {
  const controller = new AbortController();
  let over = false;
  const follow = (): void => controller.abort(parent.reason);
  const patience = startPatience(ms, () => {
    over = !controller.signal.aborted;
    controller.abort(new Error(`not within ${ms} ms`));
  });
  if (parent.aborted) follow();
  parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    isOver: () => over,
    stop: () => {
      patience.stop();
      parent.removeEventListener("abort", follow);
    },
  };
}

/** What `promise` becomes, unless the signal aborts first: then throws its reason. The promise's own end is nobody's then. */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever it is, it is the reason
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
