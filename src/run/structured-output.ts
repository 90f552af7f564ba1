import type { AssistantMessage, Message, Usage } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { OwnedMessage } from "../base/model-state.ts";
import { toNamedCall } from "../base/tool-call.ts";
import type { ModelDelta, ModelEnd, ModelEvent, ModelRequest, Provider } from "../model/model.ts";
import { addUsage, AnswerBuilder, type ModelAnswer } from "./answer.ts";
import { createFindMisfit, type FindMisfit, type JsonFormat, type PlacedSchema, toSchema } from "./json-fit.ts";

/**
 * Gives a form to the answers of a model that knows none: it is asked in words, its answer is held back and checked,
 * and it has one chance to repair it. Calls of tools pass without the text beside them, which the client would take for
 * the object. Rejects with `invalid_value` for a schema that cannot be used, before the model is asked, and with
 * `upstream_error` if the answer still does not fit.
 */
export async function streamStructured(
  provider: Provider,
  { settings, ...request }: ModelRequest,
  format: JsonFormat,
  { signal, flow, emit }: Listener<ModelEvent>,
): Promise<ModelEnd> {
  const { response_format: _, ...others } = settings;
  const schema = toSchema(format);
  const findMisfit = await createFindMisfit(schema);
  signal.throwIfAborted();
  const asked: Message[] = [{ role: "system", content: toInstruction(format, schema) }, ...request.messages];
  let spent: Usage | undefined;
  let messages = asked;
  for (let attempt = 1; ; attempt += 1) {
    const builder = new AnswerBuilder();
    const listen = (event: ModelEvent): void => {
      if (event.type === "start") {
        if (attempt === 1) emit(event);
        return;
      }
      builder.add(event);
      if (event.type === "reasoning-delta") emit(event);
    };
    const call = { ...request, messages, settings: others };
    const end = await provider.stream(call, { signal, flow, emit: listen });
    const answer = await builder.finish(end, call);
    spent = spent === undefined ? answer.usage : addUsage(spent, answer.usage);
    const checked = await check(answer, findMisfit);
    if (checked.misfit === undefined) {
      for (const event of toEvents(answer, checked.text)) emit(event);
      return { finishReason: answer.finishReason, usage: spent, state: end.state };
    }
    if (attempt === 2) throw toMisfitError(format, spent);
    messages = [
      ...asked,
      toOwn(answer.message, request.model),
      { role: "user", content: toRepairRequest(checked.misfit) },
    ];
  }
}

/** What the answer carries is the model's own, under whatever name the agent knows it. */
function toOwn(message: OwnedMessage, model: string): OwnedMessage {
  return { ...message, stateOf: model };
}

interface Checked {
  readonly text: string;
  /** Undefined if the text fits. */
  readonly misfit: string | undefined;
}

async function check({ message, finishReason }: ModelAnswer, findMisfit: FindMisfit): Promise<Checked> {
  const text = toBareJson(typeof message.content === "string" ? message.content : "");
  if (message.tool_calls !== undefined) return { text: "", misfit: undefined };
  // Refusals and answers that were cut short are not in the form for a reason that the client will see.
  const excused = message.refusal || finishReason !== "stop";
  return { text, misfit: excused ? undefined : await findMisfit(text) };
}

function toEvents({ message, logprobs }: ModelAnswer, text: string): ModelDelta[] {
  const events: ModelDelta[] = [];
  if (text !== "") events.push({ type: "text-delta", text, ...(logprobs === undefined ? {} : { logprobs }) });
  if (message.refusal) events.push({ type: "refusal-delta", text: message.refusal });
  return [...events, ...toCallEvents(message)];
}

function toCallEvents({ tool_calls: calls = [] }: AssistantMessage): ModelDelta[] {
  return calls.flatMap((call, index): ModelDelta[] => {
    const { id, name, text } = toNamedCall(call);
    return [
      { type: "tool-call-start", index, id, kind: call.type, name },
      { type: "tool-call-delta", index, kind: call.type, text },
    ];
  });
}

function toInstruction(format: JsonFormat, schema: PlacedSchema | undefined): string {
  const only = "Answer with one JSON object and nothing else: no explanation, no code fence.";
  if (schema === undefined) return only;
  const description = format.type === "json_schema" ? format.json_schema.description : undefined;
  const purpose = description === undefined ? "" : ` The object is: ${description}`;
  return `${only}${purpose} It must be valid against this JSON Schema:\n${schema.text}`;
}

function toRepairRequest(misfit: string): string {
  return `That does not fit: ${misfit} Answer again with the corrected JSON and nothing else.`;
}

/** Models put JSON into a code fence however they are asked. */
function toBareJson(text: string): string {
  const bare = text.trim();
  const [, opening = ""] = /^(```(?:json)?[^\S\n]*\n)/.exec(bare) ?? [];
  const isFenced = opening !== "" && bare.endsWith("```") && bare.length >= opening.length + 3;
  return isFenced ? bare.slice(opening.length, -3).trim() : bare;
}

/** What did not fit is not told: it quotes the answer, and the log holds no texts of models. */
function toMisfitError({ type }: JsonFormat, spent: Usage): GatewayError {
  const message = `The model did not give an answer that fits 'response_format' (${type}).`;
  return new GatewayError("upstream_error", message, { spent });
}
