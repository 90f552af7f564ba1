import type { AnswerState, ExtraContent, ReasoningDetail } from "../../base/model-state.ts";
import { toObjects } from "./wire.ts";

interface StateDelta {
  readonly reasoning_details?: unknown;
  readonly thinking_blocks?: unknown;
  readonly extra_content?: unknown;
}

/** Puts together what the model must get back besides its reasoning text. */
export class StateReader {
  readonly #details: Record<string, unknown>[] = [];
  /** The entries of earlier deltas that may go on, by type and index. */
  readonly #open = new Map<string, Record<string, unknown>>();
  readonly #blocks: Record<string, unknown>[] = [];
  #extra: ExtraContent | undefined;

  read({ reasoning_details, thinking_blocks, extra_content }: StateDelta): void {
    this.#readDetails(reasoning_details);
    this.#readBlocks(thinking_blocks);
    const extra = toExtra(extra_content);
    if (extra !== undefined) this.#extra = { ...this.#extra, ...extra };
  }

  #readDetails(reasoning_details: unknown): void {
    const pieces = toObjects(reasoning_details).map((piece): Record<string, unknown> => ({ ...piece }));
    // What stands in one list are entries of their own, whatever their index.
    const begun: typeof pieces = [];
    for (const piece of pieces) if (!this.#continue(piece)) begun.push(piece);
    for (const piece of begun) {
      this.#details.push(piece);
      const key = toKey(piece);
      if (key !== undefined) this.#open.set(key, piece);
    }
  }

  /** LiteLLM streams a block in pieces, its signature with the last one. */
  #readBlocks(value: unknown): void {
    const last = this.#blocks.at(-1);
    for (const [index, piece] of toObjects(value).entries()) {
      const block: Record<string, unknown> = { ...piece };
      const goesOn = index === 0 && last?.["type"] === "thinking" && !last["signature"] && block["type"] === "thinking";
      if (!goesOn) this.#blocks.push(block);
      else Object.assign(last, block, { thinking: `${toText(last["thinking"])}${toText(block["thinking"])}` });
    }
  }

  get state(): Pick<AnswerState, "details" | "thinkingBlocks" | "extra"> {
    return {
      details: this.#details satisfies ReasoningDetail[],
      thinkingBlocks: this.#blocks satisfies ReasoningDetail[],
      extra: this.#extra,
    };
  }

  /** OpenRouter streams a text in entries of the same index, and its signature in one behind them. */
  #continue(piece: Record<string, unknown>): boolean {
    const key = toKey(piece);
    const known = key === undefined ? undefined : this.#open.get(key);
    if (known === undefined || !isSameId(known["id"], piece["id"])) return false;
    for (const [name, value] of Object.entries(piece)) {
      const before = known[name];
      const grows = (name === "text" || name === "summary") && typeof before === "string" && typeof value === "string";
      if (grows) known[name] = before + value;
      else if (value != null) known[name] = value;
    }
    return true;
  }
}

const growing: ReadonlySet<unknown> = new Set(["reasoning.text", "reasoning.summary"]);

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function toKey({ type, index }: Record<string, unknown>): string | undefined {
  return growing.has(type) && typeof index === "number" ? `${String(type)} ${index}` : undefined;
}

function isSameId(a: unknown, b: unknown): boolean {
  return a == null || b == null || a === b;
}

/** Undefined for what holds nothing. */
export function toExtra(value: unknown): ExtraContent | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    return undefined;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract lets it be any object
  return value as ExtraContent;
}
