import { observedMs, type SessionStore } from "../session/store.ts";

/**
 * Lets other gateways know which sessions somebody here is told of, so that they log what goes on there. Nothing is done
 * where none is followed, or nobody else could tell of one.
 */
export class ObservedSessions {
  readonly #store: Pick<SessionStore, "observe">;
  readonly #keys = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<SessionStore, "observe">) {
    this.#store = store;
  }

  /** Resolves when the others know, or cannot be told; then they are with the next that is told them. */
  async add(key: string): Promise<void> {
    if (this.#store.observe === undefined || this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#timer ??= setInterval(() => void this.#tell([...this.#keys]), observedMs / 3).unref();
    await this.#tell([key]);
  }

  /** The others find out by themselves. */
  delete(key: string): void {
    this.#keys.delete(key);
    if (this.#keys.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tell(keys: readonly string[]): Promise<void> {
    await this.#store.observe?.(keys).catch(() => undefined);
  }
}
