import { type Brake, createBrake, type Flow, type Listener } from "@clawgate/contract";

export { type Brake, createBrake, type Flow, type Listener };

/** For whoever takes everything at once. */
export const openFlow: Flow = {
  held: false,
  onChange: () => () => undefined,
  free: () => Promise.resolve(),
};

/** Waits until nobody holds the flow. Rejects with the signal's reason if that aborts first. */
export async function untilFree(flow: Flow, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!flow.held) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = (): void => reject(signal.reason);
  const stop = flow.onChange(() => resolve());
  signal.addEventListener("abort", leave, { once: true });
  try {
    await promise;
  } finally {
    stop();
    signal.removeEventListener("abort", leave);
  }
}
