import type { AssistantMessage, Message, ToolCall, UserMessage } from "../base/contract.ts";
import { toNamedCall } from "../base/tool-call.ts";
import { CallIds } from "./call-ids.ts";
import type { MessageForm } from "./message-form.ts";

/** What stands where a vendor wants a word and there is none. */
export const fillers = {
  /** In the place of a user's message without a word. */
  blank: "(empty message)",
  /** Before an answer that nobody has asked for. */
  beginning: "(The conversation begins with your answer.)",
  /** After an answer that nobody has said anything to. */
  end: "Go on.",
  /** Between the result of a tool and what the user says to something else. */
  afterTools: "OK.",
} as const;

type Instruction = Extract<Message, { role: "system" | "developer" }>;

/**
 * A conversation in the form that a vendor takes. Calls and results are paired already. What needs no change stays the
 * same object.
 */
export function fitMessages(messages: readonly Message[], form: MessageForm, model: string): readonly Message[] {
  const instructions = messages
    .filter(isInstruction)
    .filter((message) => form.refuses !== "blanks" || hasText(message));
  const ids = new CallIds(messages, form.callIds);
  const modernize = createModernizer();
  const fitted: Message[] = [];
  for (const message of messages) {
    if (isInstruction(message)) continue;
    const one = fitMessage(form.takesLegacyCalls ? message : modernize(message), form, ids);
    if (one === undefined) continue;
    if (form.beginsWithUser && fitted.length === 0 && one.role !== "user") fitted.push(say(fillers.beginning));
    fitted.push(one);
  }
  return endWell(instructions, fitted, form, model);
}

/** Where legacy function calls are not known: each becomes a tool call, and its result that call's. */
export function modernizeCalls(messages: readonly Message[]): readonly Message[] {
  const modernize = createModernizer();
  return messages.map((message) => (isInstruction(message) ? message : modernize(message)));
}

/** For a vendor whose model has to speak between the result of a tool and the user. */
export function answerTools(messages: readonly Message[]): Message[] {
  return messages.flatMap((message, index) =>
    message.role === "user" && messages[index - 1]?.role === "tool"
      ? [{ role: "assistant", content: fillers.afterTools }, message]
      : [message],
  );
}

function say(content: string): Message {
  return { role: "user", content };
}

function isInstruction(message: Message): message is Instruction {
  return message.role === "system" || message.role === "developer";
}

function hasText({ content }: Instruction): boolean {
  return typeof content === "string" ? !isBlank(content) : content.some(({ text }) => !isBlank(text));
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

function fitMessage(message: Exclude<Message, Instruction>, form: MessageForm, ids: CallIds): Message | undefined {
  switch (message.role) {
    case "user":
      return fitName(form.refuses === "blanks" ? withoutBlankParts(message) : message, form);
    case "assistant": {
      const named = fitName(withFittingCalls(message, ids, form), form);
      const spoken = form.refuses === "blanks" ? withoutBlankWords(named) : named;
      return form.refuses !== "nothing" && isSilent(spoken) ? undefined : spoken;
    }
    case "tool": {
      const id = ids.ofResult(message.tool_call_id);
      return id === message.tool_call_id ? message : { ...message, tool_call_id: id };
    }
    case "function":
      return message;
  }
}

type Said = Exclude<Message, Instruction>;

/** Makes tool calls and their results of legacy ones. These have no id; each has its result behind it. */
function createModernizer(): (message: Said) => Said {
  let calls = 0;
  return (message) => {
    if (message.role === "function")
      return { role: "tool", tool_call_id: `call_function_${calls}`, content: message.content ?? "" };
    if (message.role !== "assistant" || message.function_call == null) return message;
    const { function_call: call, ...others } = message;
    calls += 1;
    const told: ToolCall = { id: `call_function_${calls}`, type: "function", function: call };
    return { ...others, tool_calls: [...(message.tool_calls ?? []), told] };
  };
}

function fitName<M extends UserMessage | AssistantMessage>(message: M, { names }: MessageForm): M {
  const { name, ...nameless } = message;
  if (name === undefined || names === "any") return message;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `name` is gone, which no message needs to have
  if (names === "none" || name === "") return nameless as M;
  const fitting = name.replaceAll(/[\s<|\\/>]/g, "_").slice(0, 64);
  return fitting === name ? message : { ...message, name: fitting };
}

function withoutBlankParts(message: UserMessage): UserMessage {
  const { content } = message;
  if (typeof content === "string") return isBlank(content) ? { ...message, content: fillers.blank } : message;
  const said = content.filter((part) => part.type !== "text" || !isBlank(part.text));
  if (said.length === content.length) return message;
  return { ...message, content: said.length === 0 ? fillers.blank : said };
}

function isSilent({ content, refusal, tool_calls: calls, function_call: legacy }: AssistantMessage): boolean {
  const isWordless = content == null || content.length === 0;
  return isWordless && !refusal && (calls === undefined || calls.length === 0) && legacy == null;
}

function withoutBlankWords(message: AssistantMessage): AssistantMessage {
  const { refusal, ...others } = message;
  const said = toSaid(message.content);
  if (refusal == null || isBlank(refusal)) {
    const isSame = said === (message.content ?? null) && refusal == null;
    return isSame ? message : { ...others, content: said };
  }
  if (said === null) return { ...others, content: refusal };
  const parts: Extract<AssistantMessage["content"], unknown[]> =
    typeof said === "string" ? [{ type: "text", text: said }] : [...said];
  return { ...others, content: [...parts, { type: "text", text: refusal }] };
}

function toSaid(content: AssistantMessage["content"]): Exclude<AssistantMessage["content"], undefined> {
  if (content == null) return null;
  if (typeof content === "string") return isBlank(content) ? null : content;
  const said = content.filter((part) => !isBlank(part.type === "text" ? part.text : part.refusal));
  if (said.length === content.length) return content;
  return said.length === 0 ? null : said;
}

function withFittingCalls(message: AssistantMessage, ids: CallIds, form: MessageForm): AssistantMessage {
  const { tool_calls: calls } = message;
  if (calls === undefined) return message;
  const fitted = calls.map((call) => withFittingName(withId(call, ids.ofCall(call.id)), form));
  return fitted.every((call, index) => call === calls[index]) ? message : { ...message, tool_calls: fitted };
}

function withId(call: ToolCall, id: string): ToolCall {
  return id === call.id ? call : { ...call, id };
}

/** The names of tools fit, the contract sees to it; a model or a client may still have called what is no name at all. */
function withFittingName(call: ToolCall, { toolNames }: MessageForm): ToolCall {
  const { name } = toNamedCall(call);
  const plain = name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64) || "unknown";
  const fitting = toolNames === "any" || /^[a-zA-Z_]/.test(plain) ? plain : `_${plain.slice(0, 63)}`;
  if (fitting === name) return call;
  return call.type === "function"
    ? { ...call, function: { ...call.function, name: fitting } }
    : { ...call, custom: { ...call.custom, name: fitting } };
}

function endWell(
  instructions: readonly Instruction[],
  conversation: readonly Message[],
  { endsWithUser, beginsWithUser }: MessageForm,
  model: string,
): readonly Message[] {
  const last = conversation.at(-1);
  if (last === undefined && (beginsWithUser || endsWithUser !== false || instructions.length === 0))
    return toConversation(instructions);
  if (last?.role !== "assistant" || endsWithUser === false) return [...instructions, ...conversation];
  if (endsWithUser === true || !endsWithUser.unless.test(model))
    return [...instructions, ...conversation, say(fillers.end)];
  return [...instructions, ...conversation.slice(0, -1), withoutBlankEnd(last)];
}

/** Where there are only instructions, the last of them is what is asked. */
function toConversation(instructions: readonly Instruction[]): Message[] {
  const asked = instructions.at(-1);
  if (asked === undefined) return [say(fillers.blank)];
  return [...instructions.slice(0, -1), { role: "user", content: asked.content }];
}

function withoutBlankEnd(message: AssistantMessage): AssistantMessage {
  const { content } = message;
  if (typeof content === "string") return { ...message, content: content.trimEnd() };
  const last = content?.at(-1);
  if (content == null || last?.type !== "text") return message;
  return { ...message, content: [...content.slice(0, -1), { ...last, text: last.text.trimEnd() }] };
}
