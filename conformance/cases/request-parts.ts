// Content as parts against content as a string (REQ-11), with the fixture and without.
import type { CaseContext } from "../context.ts";
import { expectThat, isObject, show } from "../expect.ts";
import { ask, expectAccepted, toContentJson, toTinyPrompt, toUsage } from "./request-check.ts";
import { toolCall, toText } from "./request-history.ts";

type Content = string | readonly { type: "text"; text: string }[];
type ToMessages = (content: Content, question: string) => object[];

/** A conversation in which a message of each role has the content, and whose last message is the question. */
export const partHolders: Readonly<Record<string, ToMessages>> = {
  system: (content, question) => [{ role: "system", content }, toUser(question)],
  developer: (content, question) => [{ role: "developer", content }, toUser(question)],
  user: (content, question) => [{ role: "user", content }, { role: "assistant", content: "I see." }, toUser(question)],
  assistant: (content, question) => [toUser("Tell me."), { role: "assistant", content }, toUser(question)],
  tool: (content, question) => [
    toUser("What is the weather in Oslo?"),
    { role: "assistant", content: null, tool_calls: [toolCall] },
    { role: "tool", tool_call_id: toolCall.id, content },
    { role: "assistant", content: "I see." },
    toUser(question),
  ],
};

/** Parts here too: the last message is the one that must be understood. */
function toUser(text: string): object {
  return { role: "user", content: [toText(text)] };
}

const texts = ["the first of two", "the second \u2713"] as const;

/** With the fixture: both texts reach the model whole, in their order, and nothing of the list's JSON does. */
export async function expectWholeParts(context: CaseContext, role: string, toMessages: ToMessages): Promise<void> {
  const isInstruction = role === "system" || role === "developer";
  const messages = toMessages(texts.map(toText), isInstruction ? "@@instructions" : "@@messages");
  const answer = await ask(context, { messages });
  expectAccepted(answer, `a ${role} message with text parts`);
  const heard = toContentJson(answer);
  const contents = (Array.isArray(heard) ? heard : []).map((one: unknown) =>
    isObject(one) ? (one["role"] === role ? toPlain(one["content"]) : undefined) : one,
  );
  const isWhole = (text: unknown): boolean =>
    typeof text === "string" && text.replace(texts[0], "").replace(texts[1], "").trim() === "" && isOrdered(text);
  expectThat(contents.some(isWhole), `the model to hear the texts ${show(texts)} from the ${role}`, heard);
}

function isOrdered(text: string): boolean {
  const [first, second] = texts.map((one) => text.indexOf(one)) as [number, number];
  return first !== -1 && second > first;
}

function toPlain(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  return content.map((part: unknown) => (isObject(part) ? part["text"] : undefined)).join("\n");
}

const longText = "The quick brown fox jumps over the lazy dog. ".repeat(12).trim();
/** A list that is left out has none of its about 120 tokens; one that is pasted as JSON has a few more. */
const tokensApart = 40;

/** Without the fixture: both forms cost about the same number of prompt tokens. */
export async function expectSameTokens(context: CaseContext, role: string, toMessages: ToMessages): Promise<void> {
  const count = async (content: Content): Promise<number | undefined> => {
    const answer = await ask(context, { messages: toMessages(content, toTinyPrompt(context)) });
    expectAccepted(answer, `a ${role} message with content as ${typeof content === "string" ? "a string" : "parts"}`);
    return toUsage(answer, "prompt_tokens");
  };
  const inParts = await count([toText(longText)]);
  const asString = await count(longText);
  if (inParts === undefined || asString === undefined) return;
  expectThat(
    Math.abs(inParts - asString) < tokensApart,
    `about ${asString} prompt tokens for a ${role} message in parts, as for the same string`,
    inParts,
  );
}
