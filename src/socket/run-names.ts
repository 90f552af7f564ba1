/** So many of them are remembered; of an older run its id is what clients know. */
const namesMax = 10_000;

/**
 * What clients call the runs that they have begun. It is their idempotency key, which another client may use for another
 * run, while the id that a run has everywhere else is given out once.
 */
export class RunNames {
  readonly #ids = new Map<string, string>();
  readonly #names = new Map<string, string>();

  remember(principal: string, name: string, id: string): void {
    if (this.#names.has(id)) return;
    this.#ids.set(toKey(principal, name), id);
    this.#names.set(id, name);
    shorten(this.#ids);
    shorten(this.#names);
  }

  /** The id of the run that a client means: by the name that it has given, or by the id itself. */
  toId(principal: string, name: string): string {
    return this.#ids.get(toKey(principal, name)) ?? name;
  }

  /** What clients call a run, whichever door it came by. */
  toName(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

function toKey(principal: string, name: string): string {
  return `${principal}\n${name}`;
}

function shorten(names: Map<string, string>): void {
  const [oldest] = names.keys();
  if (names.size > namesMax && oldest !== undefined) names.delete(oldest);
}
