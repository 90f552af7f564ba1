import { GatewayError } from "../base/errors.ts";
import { createHexId } from "../base/id.ts";
import type { ExtraContent } from "../base/model-state.ts";
import { JsonScan } from "./json-scan.ts";
import type { ModelEvent } from "./model.ts";

/** More than any answer has; every one of them is held. */
const callsMax = 512;

/**
 * So much of a call is held back until its arguments are whole, so that one which is cut off is never seen. Longer ones
 * are shown as they come: they take a model many seconds, and clients show how far they are.
 */
const heldCharactersMax = 4096;

/** What is known of how an answer's last call ended: nothing more could come, more would have come, or neither. */
export type CallsEnd = "clean" | "cut" | "unsure";

/** One call, as far as it has come. What is written here is written by `CallAssembler`. */
export interface AssembledCall {
  readonly kind: "function" | "custom";
  /** As the server sends it. */
  id: string | undefined;
  name: string | undefined;
  readonly scan: JsonScan;
  /** What the model must get back with it. */
  extra: ExtraContent | undefined;
}

interface Call extends AssembledCall {
  /** Undefined until it is announced. */
  index: number | undefined;
  unsaid: string;
  /** The server has said that it is done. */
  closed: boolean;
  /** Everything was given on. */
  over: boolean;
}

/**
 * Gives tool calls on in the order that the port promises, however their pieces come: head first, then the arguments,
 * and all of one call before the next. A call waits, with what is known of it, until it has a name and the call before
 * it is done. No two calls get the same id.
 */
export class CallAssembler {
  readonly #emit: (event: ModelEvent) => void;
  readonly #ids = new Set<string>();
  /** Those that are not over, in order. */
  #open: Call[] = [];
  #known = 0;
  #count = 0;
  #extras: Map<number, ExtraContent> | undefined;

  constructor(emit: (event: ModelEvent) => void) {
    this.#emit = emit;
  }

  /** Of the calls that were announced. */
  get count(): number {
    return this.#count;
  }

  /** What the model must get back with its calls, by their index. */
  get extras(): ReadonlyMap<number, ExtraContent> | undefined {
    return this.#extras;
  }

  start(kind: AssembledCall["kind"], id: string | undefined, name: string | undefined): AssembledCall {
    if (this.#known === callsMax) throw new GatewayError("upstream_error", "The model called too many tools at once.");
    this.#known += 1;
    const scan = new JsonScan();
    const more = { extra: undefined, index: undefined, unsaid: "", closed: false, over: false };
    const call: Call = { kind, id, name, scan, ...more };
    this.#open.push(call);
    this.#advance();
    return call;
  }

  /** The name, or more of it, before there are arguments. */
  setName(given: AssembledCall, name: string): void {
    const call = toCall(given);
    call.name = name;
    this.#advance();
  }

  /** It may come with any piece, and in pieces. */
  addExtra(given: AssembledCall, extra: ExtraContent): void {
    const call = toCall(given);
    call.extra = call.extra === undefined ? extra : { ...call.extra, ...extra };
    if (call.index !== undefined) this.#keepExtra(call.index, call.extra);
  }

  /** Throws `upstream_error` for text of a call that can have no more. */
  add(given: AssembledCall, text: string): void {
    if (text === "") return;
    const call = toCall(given);
    if (call.kind === "function" && call.scan.progress === "whole") {
      if (text.trim() === "" || call.scan.isSame(text)) return;
      if (!isPlaceholder(call)) throw toMixedUp();
      call.unsaid = "";
      call.scan.reset();
    } else if (call.over) throw toMixedUp();
    call.unsaid += text;
    call.scan.add(text);
    this.#advance();
  }

  /** Something else was said: what is whole by now is a call. */
  pause(): void {
    const last = this.#open.at(-1);
    if (last !== undefined && isPlaceholder(last)) this.close(last);
  }

  /** Nothing more of it comes. */
  close(given: AssembledCall): void {
    const call = toCall(given);
    call.closed = true;
    this.#advance();
  }

  /** The answer is over. True if a call is not whole. Throws `upstream_error` for one that never had a name. */
  end(how: CallsEnd): boolean {
    let lost = false;
    const open = this.#open;
    this.#open = [];
    for (const [at, call] of open.entries()) {
      const isLast = !open.slice(at + 1).some(({ scan }) => scan.length > 0);
      const isWhole = how === "clean" || isFinished(call, isLast && how === "cut");
      lost ||= !isWhole;
      if (call.name === undefined) assertNothing(call, how, this.#count);
      else if (isWhole || call.index !== undefined) this.#finish(call);
    }
    return lost;
  }

  #advance(): void {
    for (let head = this.#open[0]; head !== undefined && this.#say(head); head = this.#open[0]) this.#open.shift();
  }

  /** True if that was all of it. */
  #say(call: Call): boolean {
    if (call.name === undefined) return false;
    if (isDone(call)) {
      if (this.#open.length === 1 && isPlaceholder(call)) return false;
      this.#finish(call);
      return true;
    }
    if (call.index !== undefined || call.unsaid.length > heldCharactersMax) this.#pass(call);
    return false;
  }

  #finish(call: Call): void {
    call.over = true;
    // A function that was called without arguments gets `{}`: SDKs parse the text, and an empty one is no JSON.
    if (call.kind === "function" && call.scan.progress === "empty") call.unsaid = "{}";
    this.#pass(call);
  }

  #pass(call: Call): void {
    const { kind, name = "", unsaid: text, extra } = call;
    if (call.index === undefined) {
      call.index = this.#count;
      this.#count += 1;
      const head = { index: call.index, id: this.#toUniqueId(call.id), kind, name };
      this.#emit({ type: "tool-call-start", ...head, ...(extra === undefined ? {} : { extra }) });
      if (extra !== undefined) this.#keepExtra(call.index, extra);
    }
    if (text === "") return;
    call.unsaid = "";
    this.#emit({ type: "tool-call-delta", index: call.index, kind, text });
  }

  #keepExtra(index: number, extra: ExtraContent): void {
    (this.#extras ??= new Map<number, ExtraContent>()).set(index, extra);
  }

  #toUniqueId(id: string | undefined): string {
    const unique = id === undefined || this.#ids.has(id) ? `call_${createHexId()}` : id;
    this.#ids.add(unique);
    return unique;
  }
}

function toCall(call: AssembledCall): Call {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every call that a caller has was made by `start`
  return call as Call;
}

/** Some proxies send `{}` with the head of a call, and its arguments after it. */
function isPlaceholder({ index, closed, scan }: Call): boolean {
  return index === undefined && !closed && scan.isSame("{}");
}

function toMixedUp(): GatewayError {
  return new GatewayError("upstream_error", "The model's tool calls came mixed up.");
}

function isDone({ kind, closed, scan }: Call): boolean {
  return kind === "custom" ? closed : scan.progress === "whole" || (closed && scan.progress === "empty");
}

/** Whether all of it has come, where the answer does not say so itself. */
function isFinished(call: Call, mayBeCut: boolean): boolean {
  if (isDone(call)) return true;
  return !mayBeCut && (call.kind === "custom" || call.scan.progress === "empty");
}

/** A piece that says nothing is no call, and one that only has an id is none beside calls. */
function assertNothing({ id, scan }: Call, how: CallsEnd, count: number): void {
  if (how === "cut" || (scan.length === 0 && (id === undefined || count > 0))) return;
  throw new GatewayError("upstream_error", "The model called a tool without its name.");
}
