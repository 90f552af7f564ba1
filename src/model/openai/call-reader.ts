import { GatewayError } from "../../base/errors.ts";
import { createHexId } from "../../base/id.ts";
import type { ExtraContent } from "../../base/model-state.ts";
import type { ModelEvent } from "../model.ts";
import { toExtra } from "./state-reader.ts";

/** A piece of a tool call as servers send it: what OpenAI requires may be missing. */
export interface CallDelta {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly type?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
  readonly custom?: { readonly name?: unknown; readonly input?: unknown } | null;
  readonly extra_content?: unknown;
}

/** More than any answer has; every delta is compared with the calls before it. */
const callsMax = 512;

interface Call {
  /** The server's index, if it sends one. */
  readonly place: number | undefined;
  readonly index: number;
  readonly id: string;
  readonly kind: "function" | "custom";
  readonly name: string;
  hasText: boolean;
}

/**
 * Puts tool calls together from deltas, and gives them on in order: whole head first, then its text.
 *
 * Repairs what servers leave out: an index (vLLM), an id (older Ollama), a type; calls that all have index 0 and differ
 * by id (Gemini); arguments sent as an object. A name is a must.
 */
export class CallReader {
  readonly #emit: (event: ModelEvent) => void;
  readonly #calls: Call[] = [];
  #extras: Map<number, ExtraContent> | undefined;

  constructor(emit: (event: ModelEvent) => void) {
    this.#emit = emit;
  }

  get count(): number {
    return this.#calls.length;
  }

  /** What the model must get back with its calls, by their index. */
  get extras(): ReadonlyMap<number, ExtraContent> | undefined {
    return this.#extras;
  }

  read(delta: CallDelta): void {
    const part = delta.function ?? delta.custom;
    const name = toFilled(part?.name);
    const id = toFilled(delta.id);
    const place = typeof delta.index === "number" ? delta.index : undefined;
    const call = this.#find(place, id, name) ?? this.#start(delta, place, name, id);
    if (delta.extra_content != null) this.#keepExtra(call.index, toExtra(delta.extra_content));
    const text = toArgumentText(delta.function?.arguments ?? delta.custom?.input);
    if (text === "") return;
    if (call.index !== this.#calls.length - 1) {
      throw new GatewayError("upstream_error", "The model's tool calls came mixed up.");
    }
    call.hasText = true;
    this.#emit({ type: "tool-call-delta", index: call.index, kind: call.kind, text });
  }

  /** A function that was called without arguments gets `{}`: SDKs parse the text, and an empty one is no JSON. */
  end(): void {
    const call = this.#calls.at(-1);
    if (call === undefined || call.hasText || call.kind === "custom") return;
    this.#emit({ type: "tool-call-delta", index: call.index, kind: "function", text: "{}" });
  }

  #keepExtra(index: number, extra: ExtraContent | undefined): void {
    if (extra === undefined) return;
    const before = (this.#extras ??= new Map<number, ExtraContent>()).get(index);
    this.#extras.set(index, before === undefined ? extra : { ...before, ...extra });
  }

  #find(place: number | undefined, id: string | undefined, name: string | undefined): Call | undefined {
    const calls = this.#calls;
    if (id !== undefined) {
      const known = calls.find((call) => call.id === id);
      if (known !== undefined) return known;
      // Another id is another call, unless it only repeats for a call whose id was made up.
      if (name !== undefined) return undefined;
    }
    if (place === undefined) return name === undefined ? calls.at(-1) : undefined;
    // Another name is another call: a name never comes in pieces.
    return calls.findLast((call) => call.place === place && (name ?? call.name) === call.name);
  }

  #start(delta: CallDelta, place: number | undefined, name: string | undefined, id = `call_${createHexId()}`): Call {
    const index = this.#calls.length;
    if (name === undefined) throw new GatewayError("upstream_error", "The model called a tool without its name.");
    if (index === callsMax) throw new GatewayError("upstream_error", "The model called too many tools at once.");
    this.end();
    const kind = delta.custom != null ? "custom" : "function";
    const call: Call = { place, index, id, kind, name, hasText: false };
    this.#calls.push(call);
    const extra = delta.extra_content == null ? undefined : toExtra(delta.extra_content);
    this.#emit({ type: "tool-call-start", index, id, kind, name, ...(extra === undefined ? {} : { extra }) });
    return call;
  }
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
