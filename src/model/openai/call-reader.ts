import { GatewayError } from "../../base/errors.ts";
import type { ExtraContent } from "../../base/model-state.ts";
import { type AssembledCall, CallAssembler } from "../call-assembler.ts";
import type { ModelEvent } from "../model.ts";
import { toExtra } from "./state-reader.ts";

/** A piece of a tool call as servers send it: what OpenAI requires may be missing. */
export interface CallDelta {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly type?: unknown;
  readonly function?: CallPart | null;
  readonly custom?: CallPart | null;
  readonly extra_content?: unknown;
}

interface CallPart {
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly input?: unknown;
}

/** A delta, read. */
interface Piece {
  readonly place: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly text: string;
  readonly extra: ExtraContent | undefined;
}

/**
 * Finds out which tool call each delta belongs to.
 *
 * The index says so, where there is one: one that was not seen before is a new call whatever its id. Servers leave out
 * the index (vLLM) or the id (older Ollama), give all calls index 0 and tell them apart by id (Gemini), send the head
 * again with every piece, or a name in pieces, or the next call under the index of one whose arguments are whole.
 */
export class CallReader {
  readonly calls: CallAssembler;
  readonly #places = new Map<number, AssembledCall>();
  #last: AssembledCall | undefined;

  constructor(emit: (event: ModelEvent) => void) {
    this.calls = new CallAssembler(emit);
  }

  read(delta: CallDelta): void {
    const piece = toPiece(delta);
    const found = this.#find(piece);
    if (found !== undefined && belongs(piece, found)) this.#extend(found, piece);
    else this.#start(delta, piece);
  }

  /** A call of an answer that came whole: whatever its index and its id, it is one of its own. */
  readWhole(delta: CallDelta): void {
    const piece = toPiece(delta);
    if (piece.name === undefined) this.read(delta);
    else this.#start(delta, piece);
  }

  #find({ place, id }: Piece): AssembledCall | undefined {
    if (place !== undefined) return this.#places.get(place);
    if (id === undefined || this.#last?.id === id) return this.#last;
    return [...this.#places.values()].findLast((call) => call.id === id) ?? this.#last;
  }

  #extend(call: AssembledCall, { place, id, name, text, extra }: Piece): void {
    call.id ??= id;
    if (extra !== undefined) this.calls.addExtra(call, extra);
    if (name !== undefined && call.scan.length === 0) this.calls.setName(call, joinNames(call.name, name));
    else if (call.name === undefined && name !== undefined) this.calls.setName(call, name);
    this.calls.add(call, text);
    if (place === undefined) this.#last = call;
  }

  #start(delta: CallDelta, { place, id, name, text, extra }: Piece): void {
    if (place === undefined && id === undefined && name === undefined && text === "") return;
    const isCustom = delta.custom != null || delta.type === "custom";
    const call = this.calls.start(isCustom ? "custom" : "function", id, name);
    // Without an index it has a place of its own, below those of servers, where its id finds it.
    this.#places.set(place ?? -1 - this.#places.size, call);
    this.#last = call;
    if (extra !== undefined) this.calls.addExtra(call, extra);
    this.calls.add(call, text);
  }
}

function toPiece(delta: CallDelta): Piece {
  const part = delta.function ?? delta.custom;
  return {
    place: typeof delta.index === "number" && delta.index >= 0 ? delta.index : undefined,
    id: toFilled(delta.id),
    name: toFilled(part?.name),
    text: toArgumentText(part?.arguments ?? part?.input),
    extra: delta.extra_content == null ? undefined : toExtra(delta.extra_content),
  };
}

/** Whether a piece goes on with the call that its index, its id or its place among the pieces points to. */
function belongs({ place, id, name, text }: Piece, call: AssembledCall): boolean {
  const { progress } = call.scan;
  const isOther = id !== undefined && call.id !== undefined && id !== call.id;
  // Another id is another call, unless the server makes up a new one for every piece, with or without the name.
  if (isOther && name !== undefined) return place !== undefined && name === call.name && goesOn(text, progress);
  if (isOther) return progress !== "whole";
  if (name === undefined || call.name === undefined) return true;
  const hasId = call.id !== undefined;
  if (progress === "empty") return name === call.name ? place !== undefined || hasId : hasId && !isWholeText(text);
  if (name !== call.name) return false;
  // The head again, with every piece; behind arguments that are whole it is the next call's.
  if (progress === "open") return true;
  return text.trim() === "" || (id !== undefined && call.scan.isSame(text));
}

/** Nobody begins a call where the arguments of the last one end in the middle, nor calls the same tool without any. */
function goesOn(text: string, progress: AssembledCall["scan"]["progress"]): boolean {
  return progress === "open" || (progress === "empty" && text.trim() !== "");
}

/** Names come whole, whole again, or in pieces; pieces may repeat what was there before. */
function joinNames(name: string | undefined, more: string): string {
  return name === undefined || more.startsWith(name) ? more : name + more;
}

function isWholeText(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.startsWith("{") && trimmed.endsWith("}");
}

function toFilled(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function toArgumentText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // Nested as deeply as it can be parsed, but not written.
    throw new GatewayError("upstream_error", "The model called a tool with arguments that make no sense.", { cause });
  }
}
