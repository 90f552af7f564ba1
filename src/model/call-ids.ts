import { createHash } from "node:crypto";
import type { Message } from "../base/contract.ts";

/** What a vendor takes for the id of a tool call. */
export interface CallIdRule {
  readonly fits: RegExp;
  /** An id that fits, of one that does not and its digest: letters and digits, as many as are asked for. */
  readonly make: (id: string, digest: (length: number) => string) => string;
}

/**
 * The ids of one conversation as a vendor takes them, no two calls with the same. An id that fits stays, unless an
 * earlier call has it: servers without memory count from 0 in each answer. What is made of another depends on nothing
 * that comes later, as far as no id stands in its way: vendors cache by the beginnings of conversations.
 */
export class CallIds {
  readonly #rule: CallIdRule;
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();
  readonly #latest = new Map<string, string>();

  constructor(messages: readonly Message[], rule: CallIdRule) {
    this.#rule = rule;
    this.#taken = new Set(messages.flatMap(listIds));
  }

  /** Of the next call, which has this one. */
  ofCall(id: string): string {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    const fitting = count === 1 && this.#rule.fits.test(id) ? id : this.#make(id, count);
    this.#latest.set(id, fitting);
    return fitting;
  }

  /** Of a result: that of the latest call which had this one. */
  ofResult(id: string): string {
    return this.#latest.get(id) ?? this.ofCall(id);
  }

  #make(id: string, count: number): string {
    for (let attempt = 0; ; attempt += 1) {
      const made = this.#rule.make(id, (length) => toDigest(`${count} ${attempt} ${id}`, length));
      if (this.#taken.has(made)) continue;
      this.#taken.add(made);
      return made;
    }
  }
}

function listIds(message: Message): string[] {
  return message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : [];
}

/** Hexadecimal. */
function toDigest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
