import { toToolName } from "../../base/tool-call.ts";
import type { ModelRequest } from "../model.ts";
import { answerArithmetic } from "./arithmetic.ts";
import { lastUserMessage, lastWords, textOf, trailingToolResults, type ToolResult } from "./conversation.ts";
import { isJsonFormat, toJsonAnswer } from "./format.ts";
import { describeImage } from "./image.ts";
import { choosePhrase, quote } from "./phrase.ts";
import { answerFromMemory, toFacts } from "./recall.ts";
import { isObject } from "./schema.ts";
import { earlierQuestions, toQuestion, withoutAsides } from "./question.ts";
import type { Step } from "./scenario-step.ts";
import { toToolCall } from "./choose-tool.ts";

/** What a person asks for stands at the beginning of the message. */
const askUnitsMax = 1_000;

/**
 * The answer of a conversation partner that follows rules: it knows only what is in the request, says so, and gives
 * the same answer to the same request. It calls a tool at an unmistakable order only, see choose-tool.ts. A tool's
 * result is answered in words even under `tool_choice: "required"`, so that a loop over tools comes to an end. Throws
 * `invalid_value` or `unsupported_value` for a JSON Schema of the request that it cannot obey.
 */
export function toAssistantSteps(request: ModelRequest): Step[] {
  const messages = withoutAsides(request.messages);
  const message = lastUserMessage(messages);
  const text = message ? toQuestion(message) : "";
  const results = trailingToolResults(messages);
  const call = results.length === 0 ? toToolCall(request, lastWords(request.messages)) : undefined;
  if (call) return [{ toolCall: call }];
  const answer = results.length > 0 ? toResultAnswer(results) : undefined;
  const format = request.settings.response_format;
  if (isJsonFormat(format)) return [{ text: toJsonAnswer(format, answer ?? (text || "nothing was asked")) }];
  return [{ text: answer ?? toAnswer({ ...request, messages }, text) }];
}

function toResultAnswer(results: readonly ToolResult[]): string {
  return results.map(({ name, text }) => `${name} returned: ${toReadable(text)}`).join("\n");
}

/** A longer result is not read: megabytes of it could hold a million values. */
const readableUnitsMax = 50_000;

/** `{"temperature":7}` → `temperature: 7`; what is no JSON object stays as it is. */
function toReadable(text: string): string {
  if (text.length > readableUnitsMax || !text.trimStart().startsWith("{")) return text;
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return text;
    const fields = Object.entries(value);
    return fields.map(([key, one]) => `${key}: ${typeof one === "string" ? one : JSON.stringify(one)}`).join(", ");
  } catch {
    return text; // Not JSON after all.
  }
}

interface Ask {
  readonly request: ModelRequest;
  /** The whole text of the last user message. */
  readonly text: string;
  /** The beginning of it, where it is looked at. */
  readonly ask: string;
}

/** Asked in this order; the first that has an answer gives it. */
const skills: readonly ((ask: Ask) => string | undefined)[] = [
  answerImages,
  answerRepeat,
  answerSummary,
  ({ request, ask }) =>
    mayAskMemory(ask) ? answerFromMemory(ask, toFacts(earlierQuestions(request.messages))) : undefined,
  ({ ask }) => answerArithmetic(ask),
  answerGreeting,
  answerHelp,
  answerStatement,
];

function toAnswer(request: ModelRequest, text: string): string {
  const ask: Ask = { request, text, ask: text.slice(0, askUnitsMax) };
  for (const skill of skills) {
    const answer = skill(ask);
    if (answer !== undefined) return answer;
  }
  return toDefault(ask);
}

function answerImages({ request }: Ask): string | undefined {
  const content = lastUserMessage(request.messages)?.content;
  if (content === undefined || typeof content === "string") return undefined;
  const images = content.flatMap((part) => (part.type === "image_url" ? [describeImage(part.image_url.url)] : []));
  if (images.length === 0) return undefined;
  return `You attached ${images.join(" and ")}. I read only the file's header: I cannot see what it shows.`;
}

function answerRepeat({ request, text, ask }: Ask): string | undefined {
  if (/^(?:please )?(?:repeat|say) (?:that|it)(?: again)?(?:,? please)?[.!?]*$/i.test(ask)) {
    const said = request.messages.findLast((message) => message.role === "assistant" && textOf(message) !== "");
    return said ? textOf(said) : "I have said nothing yet in this conversation.";
  }
  const [opening] =
    /^(?:please )?(?:repeat(?: after me| exactly| this)?\s*:|repeat after me |say(?: exactly)?\s*:|(?:repeat|say|echo)\s+)\s*/i.exec(
      ask,
    ) ?? [];
  const wanted = opening === undefined ? "" : text.slice(opening.length);
  return wanted === "" ? undefined : withoutQuotes(wanted);
}

/** A text in quotes, with or without a mark after it. */
function withoutQuotes(text: string): string {
  const end = text.startsWith('"') ? text.indexOf('"', 1) : -1;
  return end !== -1 && ["", ".", "!"].includes(text.slice(end + 1, end + 3)) ? text.slice(1, end) : text;
}

const summaryListMax = 20;

function answerSummary({ request, ask }: Ask): string | undefined {
  if (
    !/\bwhat (?:have|did) we (?:talk|discuss|speak|said|say|been)|\bsummari[sz]e (?:our|the|this) (?:conversation|chat|discussion)/i.test(
      ask,
    )
  ) {
    return undefined;
  }
  const earlier = earlierQuestions(request.messages);
  if (earlier.length === 0) return "This is the beginning of our conversation: there is nothing to sum up yet.";
  const lines = earlier.slice(-summaryListMax).map((text) => `- ${quote(text, 100)}`);
  const messages = earlier.length === 1 ? "one message" : `${earlier.length} messages`;
  return `Before this one you sent me ${messages}:\n${lines.join("\n")}`;
}

/** Reading the whole conversation again costs time; only a question about it is worth that. */
function mayAskMemory(ask: string): boolean {
  return (
    /\b(?:what|which|who|where|remember|tell me|know)\b/i.test(ask.slice(0, 300)) &&
    /\b(?:i|me|my|number|the|you)\b/i.test(ask.slice(0, 300))
  );
}

const howToConnect =
  "Which model answers is set in clawgate.json5: `agents.defaults.model`, with its provider under `models.providers`.";

function answerGreeting({ request, ask }: Ask): string | undefined {
  if (!/^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings)\b[^?]{0,40}$/i.test(ask)) return undefined;
  const name = toFacts([...earlierQuestions(request.messages), ask]).findLast(({ key }) => key === "name")?.value;
  const hello = choosePhrase(["Hello", "Hi", "Good to see you"], request.settings.seed);
  return `${hello}${name === undefined ? "" : `, ${name}`}! ${whatIAm(request)} ${howToConnect}`;
}

function whatIAm(request: ModelRequest): string {
  return `I am clawgate's embedded assistant, speaking for the agent "${request.agentId}": a deterministic built-in stand-in, not a language model.`;
}

function answerHelp({ request, ask }: Ask): string | undefined {
  if (!/^(?:help|who are you|what are you|what can you do|are you (?:an? )?(?:ai|llm|real|model|gpt))\b/i.test(ask))
    return undefined;
  return `${whatIAm(request)} ${abilities(request)} ${howToConnect}`;
}

function abilities({ tools }: ModelRequest): string {
  const names = tools.slice(0, 10).map(toToolName).join(", ");
  const calls = `call an offered tool${names === "" ? "" : ` (${names})`} at the order "call NAME with {JSON}"`;
  return `I can remember what you tell me in this conversation, repeat a text, do sums, answer in JSON, and ${calls}.`;
}

/** A longer message is something to work on, and not a remark about the user. */
const statementUnitsMax = 400;

function answerStatement({ request, text, ask }: Ask): string | undefined {
  if (text.length > statementUnitsMax) return undefined;
  const facts = toFacts([ask]);
  if (facts.length === 0) return undefined;
  const told = [...new Set(facts.map((fact) => fact.told))].join("; ");
  const opening = choosePhrase(
    ["I will remember that for this conversation", "Noted for this conversation", "I keep that in mind here"],
    request.settings.seed,
  );
  return `${opening}: ${told}.`;
}

function toDefault({ request, text }: Ask): string {
  if (text === "") return `You sent no text. ${whatIAm(request)} ${abilities(request)}`;
  const opening = choosePhrase(["You wrote", "I read", "Your message is"], request.settings.seed);
  return `${opening} ${quote(text, 120)}. ${whatIAm(request)} ${abilities(request)} ${howToConnect}`;
}
