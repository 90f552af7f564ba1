import type { JSONObject, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { AnswerState, ExtraContent, ReasoningDetail } from "../../base/model-state.ts";
import type { ModelEvent } from "../model.ts";
import type { StateForm } from "./vendor-state.ts";

interface OpenThought {
  text: string;
  readonly metadata: JSONObject;
  /** Of the answer, what was said before it. */
  readonly textBefore: number;
  readonly callsBefore: number;
}

/** Collects from the parts of one answer what the vendor must get back with it. */
export class PartState {
  readonly #form: StateForm;
  readonly #thoughts = new Map<string, OpenThought>();
  readonly #extrasById = new Map<string, ExtraContent>();
  readonly #callExtras = new Map<number, ExtraContent>();
  #extra: ExtraContent | undefined;
  #text = 0;
  #calls = 0;

  constructor(form: StateForm) {
    this.#form = form;
  }

  read(part: LanguageModelV4StreamPart): void {
    const { type } = part;
    if (type === "reasoning-start" || type === "reasoning-delta" || type === "reasoning-end") this.#readThought(part);
    else if (type === "text-start" || type === "text-delta" || type === "text-end") {
      this.#extra = this.#toExtra(part) ?? this.#extra;
    } else if (type === "tool-input-start") this.#readCall(part.id, part);
    else if (type === "tool-call") this.#readCall(part.toolCallId, part);
  }

  /** Counts what is said, and gives on a call with what belongs to it, if that is known. */
  say(event: ModelEvent): ModelEvent {
    if (event.type === "text-delta") this.#text += event.text.length;
    if (event.type !== "tool-call-start") return event;
    this.#calls += 1;
    const extra = this.#extrasById.get(event.id);
    if (extra === undefined) return event;
    this.#callExtras.set(event.index, extra);
    return { ...event, extra };
  }

  /** Undefined if there is nothing to give back. */
  finish(): AnswerState | undefined {
    const details = [...this.#thoughts.values()].flatMap((thought) => this.#toDetails(thought));
    if (details.length === 0 && this.#extra === undefined && this.#callExtras.size === 0) return undefined;
    return {
      details: details.map((detail, index) => ({ ...detail, index })),
      extra: this.#extra,
      callExtras: this.#callExtras,
    };
  }

  #readThought(part: Extract<LanguageModelV4StreamPart, { type: `reasoning-${string}`; id: string }>): void {
    let thought = this.#thoughts.get(part.id);
    if (thought === undefined) {
      thought = { text: "", metadata: {}, textBefore: this.#text, callsBefore: this.#calls };
      this.#thoughts.set(part.id, thought);
    }
    if (part.type === "reasoning-delta") thought.text += part.delta;
    for (const [name, value] of Object.entries(this.#toMetadata(part) ?? {})) {
      if (value != null) thought.metadata[name] = value;
    }
  }

  #readCall(id: string, part: Extract<LanguageModelV4StreamPart, { type: "tool-input-start" | "tool-call" }>): void {
    const extra = this.#toExtra(part);
    if (extra !== undefined) this.#extrasById.set(id, extra);
  }

  #toExtra(part: Pick<ThoughtPart, "providerMetadata">): ExtraContent | undefined {
    const metadata = this.#toMetadata(part);
    return metadata === undefined ? undefined : this.#form.toExtra(metadata);
  }

  #toMetadata({ providerMetadata }: Pick<ThoughtPart, "providerMetadata">): JSONObject | undefined {
    return providerMetadata?.[this.#form.key];
  }

  /**
   * Most models think first, and then speak and call. What stands elsewhere says how much comes behind it: unlike what
   * comes before, that stays the same when the answer becomes the end of a longer one.
   */
  #toDetails(thought: OpenThought): ReasoningDetail[] {
    const details = this.#form.toDetails(thought);
    if (thought.textBefore === 0 && thought.callsBefore === 0) return details;
    const before = { text: this.#text - thought.textBefore, calls: this.#calls - thought.callsBefore };
    return details.map((detail) => ({ ...detail, before }));
  }
}

type ThoughtPart = Extract<LanguageModelV4StreamPart, { type: "reasoning-delta" }>;
