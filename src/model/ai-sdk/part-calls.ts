import { type AssembledCall, CallAssembler } from "../call-assembler.ts";
import type { ModelEvent } from "../model.ts";

export interface CallRules {
  /** The names of tools that take free text. */
  readonly custom: ReadonlySet<string>;
  /** Further calls are dropped; the model makes them again when it has seen the first results. */
  readonly callsMax: number;
}

interface OpenCall {
  readonly key: string;
  /** Undefined if it is beyond the most that are wanted. */
  readonly call: AssembledCall | undefined;
  readonly name: string;
  /** How much of its text was read. */
  length: number;
}

/** The calls as the packages give them: by id, in pieces, and at last whole. */
export class PartCalls {
  readonly assembler: CallAssembler;
  readonly #rules: CallRules;
  readonly #open: OpenCall[] = [];
  #known = 0;

  constructor(emit: (event: ModelEvent) => void, rules: CallRules) {
    this.assembler = new CallAssembler(emit);
    this.#rules = rules;
  }

  start(key: string, name: string): void {
    this.#start(key, name);
  }

  add(key: string, text: string): void {
    const [open, ...others] = this.#open.filter((one) => one.key === key);
    // Of calls with the same id, the pieces could be anyone's; each comes whole at its end.
    if (open?.call === undefined || others.length > 0) return;
    open.length += text.length;
    this.assembler.add(open.call, text);
  }

  /** `whole` counts as far as it did not come in pieces. */
  finish(key: string, name: string, whole: string): void {
    const open = this.#open.find((one) => one.key === key && one.name === name) ?? this.#start(key, name);
    this.#open.splice(this.#open.indexOf(open), 1);
    if (open.call === undefined) return;
    const text = open.call.kind === "custom" ? unquote(whole) : whole;
    this.assembler.add(open.call, text.slice(open.length));
    this.assembler.close(open.call);
  }

  #start(key: string, name: string): OpenCall {
    const isWanted = this.#known < this.#rules.callsMax;
    if (isWanted) this.#known += 1;
    const kind = this.#rules.custom.has(name) ? "custom" : "function";
    const call = isWanted ? this.assembler.start(kind, key === "" ? undefined : key, name) : undefined;
    const open: OpenCall = { key, call, name, length: 0 };
    this.#open.push(open);
    return open;
  }
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
