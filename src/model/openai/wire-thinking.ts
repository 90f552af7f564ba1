import type { AssistantMessage } from "../../base/contract.ts";
import { type ExtraContent, isTold, toStateOwner } from "../../base/model-state.ts";
import { toObjects } from "./wire.ts";

// Mistral's models think in parts of their content, and want those back at the beginning of it:
// https://docs.mistral.ai/capabilities/reasoning. Between answer and request the thoughts stand in `extra_content`.

const vendor = "mistral";

/** The thoughts in a content that came; empty where there are none. */
export function readThinking(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return toObjects(content)
    .flatMap(({ type, thinking }: { readonly type?: unknown; readonly thinking?: unknown }) =>
      type === "thinking" ? toObjects(thinking) : [],
    )
    .map(({ text }: { readonly text?: unknown }) => (typeof text === "string" ? text : ""))
    .join("");
}

export function toThinkingExtra(thinking: string): ExtraContent {
  return { [vendor]: { thinking } };
}

/** What goes out of an answer's own thoughts: its content with them, and its extra content without. */
export function toThinkingWire(
  message: AssistantMessage,
  content: unknown,
): { readonly content: unknown; readonly extra: ExtraContent | undefined } {
  const extra = message.extra_content ?? undefined;
  const thinking = toStateOwner(message) === undefined ? undefined : toThinking(extra);
  if (extra === undefined || thinking === undefined) return { content, extra };
  const rest = Object.fromEntries(Object.entries(extra).filter(([key]) => key !== vendor));
  const said = typeof content === "string" ? (content === "" ? [] : [{ type: "text", text: content }]) : content;
  const parts: readonly unknown[] = Array.isArray(said) ? said : [];
  return {
    content: [{ type: "thinking", thinking: [{ type: "text", text: thinking }] }, ...parts],
    extra: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

/** Undefined also for what another gateway has told: it wants its own words back. */
function toThinking(extra: ExtraContent | undefined): string | undefined {
  if (extra === undefined || isTold(extra)) return undefined;
  const own = extra[vendor];
  if (typeof own !== "object" || own === null || !("thinking" in own)) return undefined;
  return typeof own.thinking === "string" ? own.thinking : undefined;
}
