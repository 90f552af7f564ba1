import type { AssistantMessage, Message, ToolCall } from "../base/contract.ts";

type ToolMessage = Extract<Message, { role: "tool" }>;
type FunctionMessage = Extract<Message, { role: "function" }>;

/** The result of a call that has none. It is only sent: no transcript keeps it. */
export const noResult = "Not executed: the call was interrupted, and no result came.";
/** Said by the user where results came so late that an answer already stands behind them. */
export const lateResult = "The result of the tool call above came only now. Go on with it.";

/**
 * The conversation as vendors want it: each call is followed by exactly one result, in the order of the calls, and no
 * two calls of one answer have the same id.
 *
 * | what is there                        | what is sent                                                            |
 * | ------------------------------------ | ----------------------------------------------------------------------- |
 * | a call without a result              | `noResult` behind it                                                    |
 * | a result further on                  | directly behind its call                                                |
 * | a second result of one call          | the first: what was said since answers that                             |
 * | a result without a call              | nothing                                                                 |
 * | results at the end, then in front of an answer | `lateResult` at the end: there must be something to answer    |
 * | an id that two calls of an answer have | another one for the second                                            |
 * | an id that calls of two answers have | it is the later one's from there on                                     |
 * | a legacy result without a call       | a call before it: OpenAI takes such a result, and others no result alone |
 *
 * Messages that need no change are the same objects.
 */
export function pairResults(messages: readonly Message[]): readonly Message[] {
  const pairing = new Pairing(new Set(messages.flatMap(listIds)));
  for (const message of messages) pairing.add(message);
  const paired = pairing.finish();
  const isLate = isResult(messages.at(-1)) && paired.at(-1)?.role === "assistant";
  return isLate ? [...paired, { role: "user", content: lateResult }] : paired;
}

function isResult(message: Message | undefined): boolean {
  return message?.role === "tool" || message?.role === "function";
}

function listIds(message: Message): string[] {
  return message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : [];
}

/** A call, and its result as soon as it is found. A legacy call has no id. */
interface Slot {
  readonly id: string;
  readonly legacyName?: string;
  result: ToolMessage | FunctionMessage | undefined;
}

class Pairing {
  readonly #turns: { readonly message: Message; readonly slots: readonly Slot[] }[] = [];
  /** Of each id as it was told, the calls of the last message that had it. */
  readonly #calls = new Map<string, Slot[]>();
  readonly #taken: ReadonlySet<string>;
  /** How many were made of each id. */
  readonly #counts = new Map<string, number>();
  #legacy: Slot | undefined;

  /** `taken` are the ids that the conversation has; made-up ones are others. */
  constructor(taken: ReadonlySet<string>) {
    this.#taken = taken;
  }

  add(message: Message): void {
    if (message.role === "tool") this.#addResult(message);
    else if (message.role === "function") this.#addLegacyResult(message);
    else if (message.role === "assistant") this.#addAnswer(message);
    else this.#turns.push({ message, slots: [] });
  }

  finish(): Message[] {
    return this.#turns.flatMap(({ message, slots }) => [
      message,
      ...slots.map((slot) => slot.result ?? toStandIn(slot)),
    ]);
  }

  #addAnswer(message: AssistantMessage): void {
    const slots: Slot[] = [];
    const own = new Map<string, Slot[]>();
    const calls = message.tool_calls?.map((call): ToolCall => {
      const slot: Slot = { id: own.has(call.id) ? this.#toFreshId(call.id) : call.id, result: undefined };
      slots.push(slot);
      own.set(call.id, [...(own.get(call.id) ?? []), slot]);
      return slot.id === call.id ? call : { ...call, id: slot.id };
    });
    for (const [id, those] of own) this.#calls.set(id, those);
    if (message.function_call != null) {
      this.#legacy = { id: "", legacyName: message.function_call.name, result: undefined };
      slots.push(this.#legacy);
    }
    const isSame = calls === undefined || calls.every((call, index) => call === message.tool_calls?.[index]);
    this.#turns.push({ message: isSame ? message : { ...message, tool_calls: calls }, slots });
  }

  #addResult(message: ToolMessage): void {
    const slot = this.#calls.get(message.tool_call_id)?.find(({ result }) => result === undefined);
    if (slot !== undefined) slot.result = withId(message, slot.id);
  }

  #addLegacyResult(message: FunctionMessage): void {
    const { name } = message;
    const isKnown = this.#legacy?.legacyName === name;
    if (isKnown && this.#legacy?.result !== undefined) return;
    if (!isKnown) this.#addAnswer({ role: "assistant", content: null, function_call: { name, arguments: "{}" } });
    if (this.#legacy !== undefined) this.#legacy.result = message;
  }

  /** Depends on nothing that comes later, as far as no id stands in its way: vendors cache by beginnings. */
  #toFreshId(id: string): string {
    for (;;) {
      const count = (this.#counts.get(id) ?? 1) + 1;
      this.#counts.set(id, count);
      if (!this.#taken.has(`${id}_${count}`)) return `${id}_${count}`;
    }
  }
}

function withId(message: ToolMessage, id: string): ToolMessage {
  return message.tool_call_id === id ? message : { ...message, tool_call_id: id };
}

function toStandIn({ id, legacyName: name }: Slot): ToolMessage | FunctionMessage {
  return name === undefined
    ? { role: "tool", tool_call_id: id, content: noResult }
    : { role: "function", name, content: noResult };
}
