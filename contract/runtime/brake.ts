import type { Flow } from "./listener.ts";

/** The end of a flow that holds it: whoever writes to the client. Both calls may be repeated. */
export interface Brake extends Flow {
  hold(): void;
  release(): void;
}

export function createBrake(): Brake {
  const listeners = new Set<(held: boolean) => void>();
  let held = false;
  const change = (to: boolean): void => {
    if (held === to) return;
    held = to;
    for (const listener of listeners) listener(held);
  };
  const onChange = (listener: (held: boolean) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    get held() {
      return held;
    },
    onChange,
    free() {
      if (!held) return Promise.resolve();
      return new Promise((resolve) => {
        const stop = onChange(() => {
          stop();
          resolve();
        });
      });
    },
    hold: () => change(true),
    release: () => change(false),
  };
}
