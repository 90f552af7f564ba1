/** Whose something is that waits, and in which of their lines. */
export interface Place {
  readonly principal: string;
  /** A session; empty for calls that belong to none. */
  readonly line: string;
}

/**
 * A queue in which nobody waits for the crowd of somebody else: principals take turns, and so do the lines of one
 * principal. Only within a line it is first come, first served. Two principals that ask for 1,000 and for one have each
 * their first served before either's second.
 */
export class FairQueue<T> {
  /** In the order of their turns. What is empty is not kept. */
  readonly #principals = new Map<string, Lines<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push({ principal, line }: Place, item: T): void {
    let lines = this.#principals.get(principal);
    if (lines === undefined) this.#principals.set(principal, (lines = { size: 0, items: new Map() }));
    const items = lines.items.get(line);
    if (items === undefined) lines.items.set(line, [item]);
    else items.push(item);
    lines.size++;
    this.#size++;
  }

  /** Takes out whoever is next. */
  shift(): T | undefined {
    const [next] = this.#principals;
    if (next === undefined) return undefined;
    const [principal, lines] = next;
    const [first] = lines.items;
    if (first === undefined) return undefined;
    const [line, items] = first;
    const item = items.shift();
    this.#principals.delete(principal);
    lines.items.delete(line);
    // Both go to the end, behind those that have not had their turn.
    if (items.length > 0) lines.items.set(line, items);
    if (--lines.size > 0) this.#principals.set(principal, lines);
    this.#size--;
    return item;
  }

  /** Takes out one that has given up. */
  remove({ principal, line }: Place, item: T): void {
    const lines = this.#principals.get(principal);
    const items = lines?.items.get(line);
    const index = items?.indexOf(item) ?? -1;
    if (lines === undefined || items === undefined || index < 0) return;
    items.splice(index, 1);
    if (items.length === 0) lines.items.delete(line);
    if (--lines.size === 0) this.#principals.delete(principal);
    this.#size--;
  }

  /**
   * Who should go where there is room for one less, so that somebody new may wait at this place: the last in the longest
   * line of the principal that has most, of lines of one length in the one whose turn comes last. Undefined if the newcomer would be no better than they.
   */
  findCrowd({ principal, line }: Place): { readonly place: Place; readonly item: T } | undefined {
    const own = this.#principals.get(principal);
    const most = maxBy(this.#principals, ([, { size }]) => size);
    if (most === undefined) return undefined;
    if (most[1].size >= (own?.size ?? 0) + 2) return toLast(most[0], most[1]);
    if (own === undefined) return undefined;
    const crowd = toLast(principal, own);
    const longest = own.items.get(crowd?.place.line ?? "")?.length ?? 0;
    return longest >= (own.items.get(line)?.length ?? 0) + 2 ? crowd : undefined;
  }

  /** Whether somebody new of this principal would have to give way to nobody: `findCrowd` for a line that is not there. */
  hasCrowdFor(principal: string): boolean {
    const own = this.#principals.get(principal);
    if (this.hasLargerThan(principal)) return true;
    return own !== undefined && own.items.size < own.size;
  }

  /** Whether another principal has so much waiting that it has to give way to this one. */
  hasLargerThan(principal: string): boolean {
    const size = this.#principals.get(principal)?.size ?? 0;
    for (const other of this.#principals.values()) if (other.size >= size + 2) return true;
    return false;
  }
}

/** What of one principal waits. */
interface Lines<T> {
  size: number;
  /** In the order of their turns. */
  readonly items: Map<string, T[]>;
}

function toLast<T>(principal: string, { items }: Lines<T>): { readonly place: Place; readonly item: T } | undefined {
  const longest = maxBy(items, ([, line]) => line.length);
  const item = longest?.[1].at(-1);
  return longest === undefined || item === undefined ? undefined : { place: { principal, line: longest[0] }, item };
}

/** The last of those that have most: its turn comes last. */
function maxBy<T>(values: Iterable<T>, toSize: (value: T) => number): T | undefined {
  let most: T | undefined;
  let size = -1;
  for (const value of values) {
    const one = toSize(value);
    if (one >= size) [most, size] = [value, one];
  }
  return most;
}
