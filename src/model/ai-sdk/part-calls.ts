import { createHexId } from "../../base/id.ts";
import type { ModelEvent } from "../model.ts";

/**
 * Puts tool calls in order: a call's arguments come whole before the next call starts, though a vendor may mix them.
 * A call that comes late waits, with what is known of it, until the one before it is done.
 */
export interface CallOrder {
  /** Of the calls that were given on. */
  readonly count: number;
  start(key: string, name: string): ModelEvent[];
  delta(key: string, text: string): ModelEvent[];
  /** `whole` counts where no delta came. */
  end(key: string, name: string, whole: string): ModelEvent[];
  /** Ends the calls that were left open. */
  finish(): ModelEvent[];
}

interface Call {
  readonly key: string;
  readonly name: string;
  readonly kind: "function" | "custom";
  index: number | undefined;
  unsaid: string;
  hasText: boolean;
  done: boolean;
}

export interface CallRules {
  /** The names of tools that take free text. */
  readonly custom: ReadonlySet<string>;
  /** Further calls are dropped; the model makes them again when it has seen the first results. */
  readonly callsMax: number;
}

export function createCallOrder({ custom, callsMax }: CallRules): CallOrder {
  const waiting: Call[] = [];
  let known = 0;
  let said = 0;

  const say = (call: Call): ModelEvent[] => {
    const events: ModelEvent[] = [];
    const { kind, name } = call;
    if (call.index === undefined) {
      call.index = said;
      said += 1;
      const id = call.key === "" ? `call_${createHexId()}` : call.key;
      events.push({ type: "tool-call-start", index: call.index, id, kind, name });
    }
    // A function that was called without arguments gets `{}`: SDKs parse the text, and an empty one is no JSON.
    if (call.done && !call.hasText && call.unsaid === "" && kind === "function") call.unsaid = "{}";
    if (call.unsaid !== "") {
      events.push({ type: "tool-call-delta", index: call.index, kind, text: call.unsaid });
      call.hasText = true;
      call.unsaid = "";
    }
    return events;
  };
  const advance = (): ModelEvent[] => {
    const events: ModelEvent[] = [];
    for (let head = waiting[0]; head !== undefined; head = waiting[0]) {
      events.push(...say(head));
      if (!head.done) break;
      waiting.shift();
    }
    return events;
  };
  const open = (key: string, name: string): Call | undefined => {
    if (known >= callsMax) return undefined;
    known += 1;
    const kind = custom.has(name) ? "custom" : "function";
    const call: Call = { key, name, kind, index: undefined, unsaid: "", hasText: false, done: false };
    waiting.push(call);
    return call;
  };
  const find = (key: string): Call | undefined => waiting.find((call) => call.key === key && !call.done);

  return {
    get count() {
      return said;
    },
    start(key, name) {
      open(key, name);
      return advance();
    },
    delta(key, text) {
      const call = find(key);
      if (call !== undefined) call.unsaid += text;
      return advance();
    },
    end(key, name, whole) {
      const call = find(key) ?? open(key, name);
      if (call === undefined) return [];
      if (!call.hasText && call.unsaid === "") call.unsaid = call.kind === "custom" ? unquote(whole) : whole;
      call.done = true;
      return advance();
    },
    finish() {
      for (const call of waiting) call.done = true;
      return advance();
    },
  };
}

/** The packages give a custom tool's whole input as JSON. */
function unquote(whole: string): string {
  try {
    const value: unknown = JSON.parse(whole);
    return typeof value === "string" ? value : whole;
  } catch {
    // Not quoted: it is the input itself.
    return whole;
  }
}
