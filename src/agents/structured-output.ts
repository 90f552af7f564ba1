import type { AssistantMessage, Message, ResponseFormat, Usage } from "../contract.ts";
import { GatewayError } from "../errors.ts";
import type { ModelEvent, ModelRequest, Provider } from "../providers/provider.ts";
import { createAnswerBuilder, type ModelAnswer } from "./answer.ts";
import { findMisfit } from "./json-fit.ts";
import { addUsage } from "./usage.ts";

type JsonFormat = Exclude<ResponseFormat, { type: "text" }>;

/**
 * Gives a form to the answers of a model that knows none: it is asked in words, its answer is held back and checked,
 * and it has one chance to repair it. A call of a tool passes as it is. Throws `upstream_error` if the answer still does
 * not fit.
 */
export async function* streamStructured(
  provider: Provider,
  { settings, ...request }: ModelRequest,
  format: JsonFormat,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, undefined> {
  const { response_format: _, ...others } = settings;
  const asked: Message[] = [{ role: "system", content: toInstruction(format) }, ...request.messages];
  let spent: Usage | undefined;
  let messages = asked;
  for (let attempt = 1; ; attempt += 1) {
    const builder = createAnswerBuilder();
    for await (const event of provider.stream({ ...request, messages, settings: others }, { signal })) {
      builder.add(event);
      if (event.type === "reasoning-delta" || (event.type === "start" && attempt === 1)) yield event;
    }
    const answer = builder.finish();
    spent = spent === undefined ? answer.usage : addUsage(spent, answer.usage);
    const checked = await check(answer, format);
    if (checked.misfit === undefined) {
      yield* toEvents(answer, checked.text, spent);
      return;
    }
    if (attempt === 2) throw toMisfitError(format, checked.misfit);
    messages = [...asked, answer.message, { role: "user", content: toRepairRequest(checked.misfit) }];
  }
}

interface Checked {
  readonly text: string;
  /** Undefined if the text fits. */
  readonly misfit: string | undefined;
}

async function check({ message, finishReason }: ModelAnswer, format: JsonFormat): Promise<Checked> {
  const text = toBareJson(typeof message.content === "string" ? message.content : "");
  // Calls, refusals and answers that were cut short are not in the form for a reason that the client will see.
  const excused = message.tool_calls !== undefined || message.refusal || finishReason !== "stop";
  if (excused) return { text: typeof message.content === "string" ? message.content : "", misfit: undefined };
  return { text, misfit: await findMisfit(text, format) };
}

function* toEvents({ message, finishReason }: ModelAnswer, text: string, usage: Usage): Generator<ModelEvent> {
  if (text !== "") yield { type: "text-delta", text };
  if (message.refusal) yield { type: "refusal-delta", text: message.refusal };
  yield* toCallEvents(message);
  yield { type: "end", finishReason, usage };
}

function* toCallEvents({ tool_calls: calls = [] }: AssistantMessage): Generator<ModelEvent> {
  for (const [index, call] of calls.entries()) {
    const [name, text] =
      call.type === "function" ? [call.function.name, call.function.arguments] : [call.custom.name, call.custom.input];
    yield { type: "tool-call-start", index, id: call.id, kind: call.type, name };
    yield { type: "tool-call-delta", index, kind: call.type, text };
  }
}

function toInstruction(format: JsonFormat): string {
  const only = "Answer with one JSON object and nothing else: no explanation, no code fence.";
  if (format.type === "json_object") return only;
  const { description, schema } = format.json_schema;
  const purpose = description === undefined ? "" : ` The object is: ${description}`;
  return `${only}${purpose} It must be valid against this JSON Schema:\n${JSON.stringify(schema ?? {})}`;
}

function toRepairRequest(misfit: string): string {
  return `That does not fit: ${misfit} Answer again with the corrected JSON and nothing else.`;
}

/** Models put JSON into a code fence however they are asked. */
function toBareJson(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text.trim();
}

function toMisfitError({ type }: JsonFormat, misfit: string): GatewayError {
  return new GatewayError("upstream_error", `The model did not give an answer that fits 'response_format' (${type}).`, {
    cause: new Error(misfit),
  });
}
