import type { Body } from "./script.fixture.ts";

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: string | readonly Block[];
}

interface Turn {
  readonly role: string;
  readonly content: string | readonly Block[];
}

/** What the Messages API says to a request whose form is wrong; undefined if it is right. */
export function refuseAnthropic(body: Body): string | undefined {
  const turns = body["messages"] as readonly Turn[];
  const system = toBlocks((body["system"] ?? []) as Turn["content"]);
  if ("tool_choice" in body && !("tools" in body))
    return "tool_choice: tool_choice may only be specified while providing tools.";
  return (
    refuseTexts("system", system) ??
    refuseRoles(turns, String(body["model"])) ??
    refuseContents(turns) ??
    refusePairs(turns)
  );
}

function toBlocks(content: Turn["content"]): readonly Block[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function refuseTexts(at: string, blocks: readonly Block[]): string | undefined {
  for (const { type, text } of blocks) {
    if (type !== "text") continue;
    if (text === undefined || text === "") return `${at}: text content blocks must be non-empty`;
    if (text.trim() === "") return `${at}: text content blocks must contain non-whitespace text`;
  }
  return undefined;
}

function refuseRoles(turns: readonly Turn[], model: string): string | undefined {
  if (turns.length === 0) return "messages: at least one message is required";
  if (turns[0]?.role !== "user") return 'messages: first message must use the "user" role';
  for (const [index, { role }] of turns.entries())
    if (role === turns[index - 1]?.role)
      return `messages: roles must alternate between "user" and "assistant", but found multiple "${role}" roles in a row`;
  const last = turns.at(-1);
  if (last?.role !== "assistant") return undefined;
  if (/-4-[6-9]|claude-[a-z]+-[5-9]/.test(model))
    return "This model does not support assistant message prefill. The conversation must end with a user message.";
  const text = toBlocks(last.content).at(-1)?.text ?? "";
  return text === text.trimEnd() ? undefined : "messages: final assistant content cannot end with trailing whitespace";
}

function refuseContents(turns: readonly Turn[]): string | undefined {
  const ids = new Set<string>();
  for (const [index, { role, content }] of turns.entries()) {
    const at = `messages.${index}`;
    const blocks = toBlocks(content);
    if (blocks.length === 0) return `${at}: ${role} messages must have non-empty content`;
    const refusal = refuseTexts("messages", blocks);
    if (refusal !== undefined) return refusal;
    for (const [place, { type, id = "", name = "", input, content: result }] of blocks.entries()) {
      if (type === "tool_result" && Array.isArray(result) && refuseTexts(at, result as Block[]) !== undefined)
        return refuseTexts(`${at}.content.${place}.tool_result`, result as Block[]);
      if (type !== "tool_use") continue;
      const block = `${at}.content.${place}.tool_use`;
      if (!/^[a-zA-Z0-9_-]+$/.test(id)) return `${block}.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
      if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name))
        return `${block}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`;
      if (typeof input !== "object" || input === null || Array.isArray(input))
        return `${block}.input: Input should be a valid dictionary`;
      if (ids.has(id)) return "messages: `tool_use` ids must be unique";
      ids.add(id);
    }
  }
  return undefined;
}

function refusePairs(turns: readonly Turn[]): string | undefined {
  let owed = new Set<string>();
  const unanswered = (index: number): string =>
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...owed].join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  for (const [index, { content }] of turns.entries()) {
    const blocks = toBlocks(content);
    const results = blocks.filter(({ type }) => type === "tool_result");
    if (blocks.slice(0, results.length).some(({ type }) => type !== "tool_result"))
      return `messages.${index}: \`tool_result\` blocks must come first in the content`;
    for (const { tool_use_id: id = "" } of results)
      if (!owed.delete(id))
        return `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
    if (owed.size > 0) return unanswered(index - 1);
    owed = new Set(blocks.flatMap(({ type, id }) => (type === "tool_use" && id !== undefined ? [id] : [])));
  }
  return owed.size > 0 ? unanswered(turns.length - 1) : undefined;
}
