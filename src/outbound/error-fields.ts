import { settingNames } from "../base/settings.ts";

/** What an error body says about itself: what looks like a name, and what its text means, never the text. */
export interface ErrorFields {
  readonly code: string | undefined;
  readonly type: string | undefined;
  /** The path of the field at fault. */
  readonly param: string | undefined;
  /** The conversation does not fit. Anthropic, Gemini and vLLM have no code for that, only words. */
  readonly isTooLong: boolean;
}

/** Reads `{"error": {…}}`, and the flatter forms that servers send. */
export function toErrorFields(body: unknown): ErrorFields {
  const outer: unknown = Array.isArray(body) ? body[0] : body;
  const inner = isObject(outer) && isObject(outer["error"]) ? outer["error"] : outer;
  const fields = isObject(inner) ? inner : {};
  const code = toName(fields["code"]);
  const type = toName(fields["type"] ?? fields["status"]);
  return { code, type, param: toName(fields["param"]), isTooLong: isTooLong(code, type, fields["message"]) };
}

function isTooLong(code: string | undefined, type: string | undefined, message: unknown): boolean {
  if (code === "context_length_exceeded" || type === "exceed_context_size_error") return true;
  return typeof message === "string" && tooLongWords.test(message.slice(0, 500));
}

const tooLongWords = /prompt is too long|input token count .{0,40}exceeds|maximum context length/i;

/** The gateway's name for the field at fault if a client may have set it: the objection is then the client's to hear. */
export function toRequestField(param: string | undefined): string | undefined {
  const name = /^\w+/.exec(param ?? "")?.[0];
  const field = name === "max_tokens" ? "max_completion_tokens" : name;
  return field !== undefined && requestFields.has(field) ? field : undefined;
}

const requestFields: ReadonlySet<string> = new Set([...settingNames, "messages", "tools"]);

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function toName(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value);
  return /^[\w.[\]-]{1,64}$/.test(text) ? text : undefined;
}
