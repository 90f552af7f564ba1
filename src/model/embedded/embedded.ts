import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { leaveAtOnce } from "../leave.ts";
import type { Capabilities, ModelEvent, ModelRequest, Provider } from "../model.ts";
import { toAssistantSteps } from "./assistant.ts";
import { lastUserText } from "./conversation.ts";
import { isDirectiveText, toDirectiveSteps } from "./directives.ts";
import { play } from "./play.ts";
import { countRun, createRunCounters, type MutableRunCounters, type RunCounters } from "./runs.ts";
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

/**
 * A deterministic provider without key and network. The model `assistant` is a conversation partner, `scenario` plays
 * the scenarios; both obey the directives of a user message that begins with `@@`.
 * Throws a `SyntaxError` when the pattern of a scenario is no regular expression.
 */
export function createEmbeddedProvider(options: Partial<ScenarioFile> = {}): EmbeddedProvider {
  const file: ScenarioFile = { ...options, scenarios: options.scenarios ?? [] };
  assertPatterns(file.scenarios);
  const runs = createRunCounters();
  return {
    models: ["assistant", "scenario"],
    toCapabilities: () => capabilities,
    runs,
    stream(request, { signal }) {
      const left = new AbortController();
      return leaveAtOnce(run(request, file, runs, { aborted: signal, left: left.signal }), left);
    },
  };
}

interface Ends {
  /** The caller's signal. */
  readonly aborted: AbortSignal;
  /** Aborts when the reader calls `return()`. */
  readonly left: AbortSignal;
}

async function* run(
  request: ModelRequest,
  file: ScenarioFile,
  runs: MutableRunCounters,
  ends: Ends,
): AsyncGenerator<ModelEvent, undefined> {
  const settle = countRun(runs);
  let events = 0;
  try {
    ends.aborted.throwIfAborted();
    for (const moment of play(toSteps(request, file, runs), request)) {
      if (moment.type === "pause") {
        await pause(moment.ms, ends);
        continue;
      }
      if ((events += 1) % eventsPerTurn === 0) await nextTurn();
      ends.aborted.throwIfAborted();
      // Settled before the reader sees the end: it may never ask for more.
      if (moment.type === "end") settle("completed");
      yield moment;
    }
  } catch (error) {
    settle(ends.aborted.aborted || ends.left.aborted ? "cancelled" : "failed");
    throw error;
  } finally {
    settle("cancelled");
  }
}

function toSteps(request: ModelRequest, file: ScenarioFile, runs: RunCounters): readonly FileStep[] {
  if (isDirectiveText(lastUserText(request.messages))) return toDirectiveSteps(request, runs);
  return request.model === "assistant" ? toAssistantSteps(request) : chooseScenario(file, request);
}

/** Throws the reason of whichever signal aborts first. */
async function pause(ms: number, { aborted, left }: Ends): Promise<void> {
  const signal = AbortSignal.any([aborted, left]);
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // The timer's own AbortError hides the reason that the port promises.
    signal.throwIfAborted();
    throw error;
  }
}
