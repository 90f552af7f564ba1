import type { Script } from "../upstream/servers/script.fixture.ts";
import type { UpstreamRequest } from "../upstream/servers/upstream.fixture.ts";

/** What the model answers where a schema asks for it. */
export const report = { city: "Oslo", degrees: 7 };

/** With blanks, as many models write: a client that parses them and says them again leaves the blanks out. */
const reportText = '{"city": "Oslo", "degrees": 7}';
const cityText = '{"city": "Oslo"}';

export const weatherQuestion = "What is the weather?";
export const weatherAnswer = "It is 7 degrees in Oslo.";

/** What the model has been told when it has answered that, with the one tool that it was offered. */
export const weatherTurn = [
  `user: ${weatherQuestion}`,
  "assistant: get_weather#call_oslo_0",
  "tool#call_oslo_0: 7 degrees",
  `assistant: ${weatherAnswer}`,
];

/** A message as a server of OpenAI's kind gets it. */
interface WireMessage {
  readonly role: string;
  readonly content?: string | null | readonly { readonly type: string; readonly text?: string }[];
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string } }[];
}

interface WireTool {
  readonly function: { readonly name: string; readonly parameters?: { readonly properties?: object } };
}

interface WireBody {
  readonly messages: readonly WireMessage[];
  readonly tools?: readonly WireTool[];
  readonly tool_choice?: unknown;
  readonly response_format?: { readonly type: string };
}

/**
 * Answers by what it is asked: for the weather by the first tool if there is one, and with the tool's result
 * afterwards; for `first` by what was asked first, which shows that it was told of it; else it repeats the question.
 */
export function answerAsModel({ body }: UpstreamRequest, count: number): Script {
  const { messages, tools = [], tool_choice: choice, response_format: format } = body as unknown as WireBody;
  const last = messages.at(-1);
  if (last?.role === "tool") return [{ text: "It is " }, { text: `${toText(last)} in Oslo.` }];
  const question = last === undefined ? "" : toText(last);
  const [tool] = tools;
  if (tool !== undefined && (isDemand(choice) || question.includes("weather"))) {
    const { name, parameters } = tool.function;
    const args = "degrees" in (parameters?.properties ?? {}) ? reportText : cityText;
    return [{ call: { id: `call_oslo_${count}`, name, args } }];
  }
  if (format?.type === "json_schema") return [{ text: reportText }];
  if (question.includes("overload")) return [{ status: 429, retryAfter: 30 }];
  if (question.includes("break off")) return [{ text: "It is" }, { cut: true }];
  if (question.includes("first")) return [{ text: "You asked: " }, { text: toFirstQuestion(messages) }];
  const thought = question.includes("think") ? [{ reasoning: "Let me " }, { reasoning: "see." }] : [];
  return [...thought, { text: "You said: " }, { text: question }];
}

function isDemand(choice: unknown): boolean {
  return choice === "required" || (typeof choice === "object" && choice !== null);
}

function toFirstQuestion(messages: readonly WireMessage[]): string {
  const first = messages.find(({ role }) => role === "user");
  return first === undefined ? "nothing" : toText(first);
}

function toText({ content }: WireMessage): string {
  if (typeof content === "string" || content == null) return content ?? "";
  return content.map((part) => part.text ?? `(${part.type})`).join("");
}

/** What a call told the model, a line for each message; results and calls with the ids that bind them. */
export function toHeard({ body }: UpstreamRequest): string[] {
  return (body as unknown as WireBody).messages.map((message) => {
    const calls = (message.tool_calls ?? []).map(({ id, function: { name } }) => `${name}#${id}`);
    const id = message.tool_call_id === undefined ? "" : `#${message.tool_call_id}`;
    return `${message.role}${id}: ${[toText(message), ...calls].filter((text) => text !== "").join(" ")}`;
  });
}
