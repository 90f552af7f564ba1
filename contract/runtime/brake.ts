import type { Flow } from "./listener.ts";

/** The end of a flow that holds it: whoever writes to the client. Both calls may be repeated. */
export interface Brake extends Flow {
  hold(): void;
  release(): void;
}

export function createBrake(): Brake {
  return new ListenedBrake();
}

/** Every request has one and few use it, so it is as little as it can be until somebody listens. */
class ListenedBrake implements Brake {
  #held = false;
  #listeners: Set<(held: boolean) => void> | undefined;

  get held(): boolean {
    return this.#held;
  }

  onChange(listener: (held: boolean) => void): () => void {
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  free(): Promise<void> {
    if (!this.#held) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.onChange(() => {
        stop();
        resolve();
      });
    });
  }

  hold(): void {
    this.#change(true);
  }

  release(): void {
    this.#change(false);
  }

  #change(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    for (const listener of this.#listeners ?? []) listener(this.#held);
  }
}
