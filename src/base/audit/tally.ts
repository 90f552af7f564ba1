import type { AuditRecord } from "./audit.ts";

export interface TallyLimits {
  /** How long further events of an address are added up. */
  readonly windowMs: number;
  /** How many addresses are told apart within that time; the others are one. */
  readonly addressesMax: number;
}

export const tallyLimits: TallyLimits = { windowMs: 60_000, addressesMax: 256 };

/** Where a flood of many addresses is added up. */
const others = "others";

interface Entry {
  readonly record: AuditRecord;
  count: number;
}

/** Makes few records of a flood: of each address the first at once, and then one with the count of the others. */
export class Tally {
  readonly #write: (record: AuditRecord) => void;
  readonly #limits: TallyLimits;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (record: AuditRecord) => void, limits: TallyLimits = tallyLimits) {
    this.#write = write;
    this.#limits = limits;
  }

  add(record: AuditRecord): void {
    const { event, outcome, address = "" } = record;
    const entry = this.#find(event, address);
    if (entry !== undefined) {
      entry.count++;
    } else if (this.#entries.size < this.#limits.addressesMax) {
      this.#write(record);
      this.#entries.set(toKey(event, address), { record, count: 0 });
    } else {
      this.#entries.set(toKey(event, others), { record: { event, outcome, address: others }, count: 1 });
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#limits.windowMs).unref();
  }

  /** Writes what has been added up. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { record, count } of this.#entries.values()) {
      const { event, outcome, address } = record;
      if (count > 0) this.#write({ event, outcome, address, count });
    }
    this.#entries.clear();
  }

  #find(event: string, address: string): Entry | undefined {
    return this.#entries.get(toKey(event, address)) ?? this.#entries.get(toKey(event, others));
  }
}

function toKey(event: string, address: string): string {
  return `${event} ${address}`;
}
