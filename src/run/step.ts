import type { FinishReason, Message, Tool } from "../base/contract.ts";
import type { Log } from "../base/log.ts";
import type { ModelSettings } from "../model/model.ts";
import type { StoredMessage } from "../session/store.ts";
import type { ToolSet } from "../tool/tool-set.ts";
import type { Agent } from "./agents.ts";
import { createAnswerBuilder, type ModelAnswer } from "./answer.ts";
import { toEffective } from "./effective.ts";
import type { ModelStep, RunEvent } from "./run-event.ts";
import { type CallEvent, callModel } from "./model-call.ts";
import type { Need } from "./needs.ts";
import { type ChoiceGuard, createChoiceGuard, narrowOffer } from "./tool-choice.ts";

/** The part of a run between reading the transcript and writing it. */
export interface StepRequest {
  readonly agent: Agent;
  readonly instructions: readonly Message[];
  readonly history: readonly StoredMessage[];
  /** Of the client. */
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
  readonly needs: readonly Need[];
  /** Of the agent. */
  readonly toolSet: ToolSet | undefined;
}

export interface StepPlace {
  /** What the steps before have added to the conversation. */
  readonly append: readonly StoredMessage[];
  /** Whether a tool of this name is the agent's own. */
  readonly isOwn: (name: string) => boolean;
  /** Something was said before the tools ran. */
  readonly needsSeparator: boolean;
}

export interface StepAnswer extends ModelAnswer {
  /** The model that answered, as `provider/model`. */
  readonly model: string | undefined;
}

/** Between what the model says before a tool of the gateway runs and what it says after. */
const separator = "\n\n";

/** One model call. Calls of the agent's own tools are not shown as calls. */
export async function* runStep(
  request: StepRequest,
  place: StepPlace,
  signal: AbortSignal,
  log: Log,
): AsyncGenerator<RunEvent, StepAnswer> {
  const { agent, instructions, history, toolSet, needs } = request;
  const { append } = place;
  const { tools, settings } = narrowOffer(request);
  const messages = [...instructions, ...history, ...append];
  const offered = [...tools, ...(toolSet?.tools ?? [])];
  const call = { agent, request: { agentId: agent.id, messages, tools: offered, settings }, needs };
  const guard = createChoiceGuard(request);
  const builder = createAnswerBuilder();
  const view = createView(place, guard);
  let model: string | undefined;
  try {
    for await (const event of callModel(call, signal, log)) {
      if (event.type === "model-start") {
        ({ model } = event);
        yield event;
        continue;
      }
      const { kept, shown } = view(event);
      if (kept !== undefined) builder.add(kept);
      if (shown !== undefined) yield shown;
    }
    const answer = builder.finish();
    assertDemandMet(guard, answer.finishReason, history);
    return { ...answer, model };
  } catch (cause) {
    throw append.length === 0 ? cause : toEffective(cause);
  }
}

/** Words may follow the results of tools whatever is demanded: a client's loop over tools could else never end. */
function assertDemandMet(guard: ChoiceGuard, reason: FinishReason, history: readonly StoredMessage[]): void {
  const last = history.at(-1)?.role;
  if (last !== "tool" && last !== "function") guard.finish(reason);
}

type Said = Exclude<CallEvent, { type: "model-start" }>;

/** What becomes of an event: what the transcript keeps of it, and what the client sees of it. */
type View = (event: Said) => { readonly kept?: Said; readonly shown?: ModelStep };

function createView({ isOwn, needsSeparator }: StepPlace, guard: ChoiceGuard): View {
  /** The client's calls: the model's index of each, and the one that the client sees. */
  const calls = new Map<number, number>();
  const dropped = new Set<number>();
  let separated = !needsSeparator;
  return (event) => {
    switch (event.type) {
      case "text-delta": {
        if (separated || event.text === "") return { kept: event, shown: event };
        separated = true;
        const text = { ...event, text: separator + event.text };
        return { kept: text, shown: text };
      }
      case "tool-call-start":
        if (!guard.admits(event.name)) {
          dropped.add(event.index);
          return {};
        }
        if (isOwn(event.name)) return { kept: event };
        calls.set(event.index, calls.size);
        return { kept: event, shown: { ...event, index: calls.size - 1 } };
      case "tool-call-delta": {
        if (dropped.has(event.index)) return {};
        const index = calls.get(event.index);
        return index === undefined ? { kept: event } : { kept: event, shown: { ...event, index } };
      }
      case "end":
        return { kept: event };
      case "reasoning-delta":
      case "refusal-delta":
        return { kept: event, shown: event };
    }
  };
}
