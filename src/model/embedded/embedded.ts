import { setTimeout as delay } from "node:timers/promises";
import { type Listener, untilFree } from "../../base/listener.ts";
import { loopTime } from "../../base/loop-time.ts";
import type { Capabilities, ModelEnd, ModelEvent, ModelRequest, Provider } from "../model.ts";
import { toAssistantSteps } from "./assistant.ts";
import { lastUserText } from "./conversation.ts";
import { isDirectiveText, toDirectiveSteps } from "./directives.ts";
import { play } from "./play.ts";
import { countRun, createRunCounters, type RunCounters } from "./runs.ts";
import { assertPatterns, chooseScenario, type ScenarioFile } from "./scenario.ts";
import type { FileStep } from "./scenario-step.ts";

/** A long answer without delays would keep the event loop to itself; after so many events the others have a turn. */
const eventsPerTurn = 256;

const capabilities: Capabilities = {
  input: new Set(["image"]),
  tools: new Set(["function", "custom"]),
  responseFormats: new Set(["json_object", "json_schema"]),
  logprobs: false,
};

export interface EmbeddedProvider extends Provider {
  readonly runs: RunCounters;
}

export interface EmbeddedOptions extends Partial<ScenarioFile> {
  /** Whether a user message that begins with `@@` is obeyed. */
  readonly directives?: boolean;
}

/**
 * A deterministic provider without key and network. The model `assistant` is a conversation partner, `scenario` plays
 * the scenarios; both obey directives where these are on.
 * Throws a `SyntaxError` when the pattern of a scenario is no regular expression.
 */
export function createEmbeddedProvider({ directives = false, ...options }: EmbeddedOptions = {}): EmbeddedProvider {
  const file: ScenarioFile = { ...options, scenarios: options.scenarios ?? [] };
  assertPatterns(file.scenarios);
  const toSteps = (request: ModelRequest): readonly FileStep[] => {
    if (isDirectiveText(lastUserText(request.messages)) && directives) return toDirectiveSteps(request, runs);
    return request.model === "assistant" ? toAssistantSteps(request) : chooseScenario(file, request);
  };
  const runs = createRunCounters();
  return {
    models: ["assistant", "scenario"],
    toCapabilities: () => capabilities,
    runs,
    async stream(request, to) {
      const settle = countRun(runs);
      try {
        if (isDear(request)) await loopTime.goOn();
        to.signal.throwIfAborted();
        const end = await run(toSteps(request), request, to);
        settle("completed");
        return end;
      } catch (error) {
        settle(to.signal.aborted ? "cancelled" : "failed");
        throw error;
      }
    },
  };
}

async function run(
  steps: readonly FileStep[],
  request: ModelRequest,
  { signal, flow, emit }: Listener<ModelEvent>,
): Promise<ModelEnd> {
  let events = 0;
  const moments = play(steps, request);
  for (;;) {
    const { done, value } = moments.next();
    if (done === true) return value;
    if (value.type === "pause") {
      await (value.ms === 0 ? loopTime.giveWay() : pause(value.ms, signal));
      signal.throwIfAborted();
      continue;
    }
    if ((events += 1) % eventsPerTurn === 0) await loopTime.giveWay();
    if (flow.held) await untilFree(flow, signal);
    signal.throwIfAborted();
    emit(value);
  }
}

/** A schema of a few hundred bytes can be as much work as the assistant does for anybody. */
function isDear({ tools, settings }: ModelRequest): boolean {
  return tools.length > 0 || settings.response_format?.type === "json_schema";
}

/** Throws the signal's reason when it aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // The timer's own AbortError hides the reason that the port promises.
    signal.throwIfAborted();
    throw error;
  }
}
