import { toToolName } from "../../base/tool-call.ts";
import type { ModelRequest } from "../model.ts";
import { isToolResult, lastReasoning, lastUserText } from "./conversation.ts";
import type { FileStep } from "./scenario-step.ts";

/** All given conditions must hold; no condition at all matches every request that brings no tool result. */
export interface ScenarioMatch {
  /** The last user message contains this text. */
  readonly last?: string;
  /** The last user message matches this regular expression (flag `u`). */
  readonly pattern?: string;
  readonly agent?: string;
  /** The conversation has so many user messages. */
  readonly turn?: number;
  /** A tool of this name is offered. */
  readonly tool?: string;
  /** Whether the conversation ends with a tool's result; `false` when left out, lest a call be made again for ever. */
  readonly toolResult?: boolean;
  /** The last answer comes back with this text in its reasoning. */
  readonly reasoning?: string;
}

export interface Scenario {
  readonly name: string;
  readonly match: ScenarioMatch;
  readonly reply: readonly FileStep[];
}

/** What openapi/scenario.yaml describes. */
export interface ScenarioFile {
  readonly scenarios: readonly Scenario[];
  /** The reply when no scenario matches. */
  readonly otherwise?: readonly FileStep[];
}

/** Throws a `SyntaxError` for the first pattern that is no regular expression: better at start than at a request. */
export function assertPatterns(scenarios: readonly Scenario[]): void {
  for (const { match } of scenarios) if (match.pattern !== undefined) toPattern(match.pattern);
}

function toPattern(source: string): RegExp {
  return new RegExp(source, "u");
}

/** The reply of the first scenario that matches, else `otherwise`, else a text that lists the names of the scenarios. */
export function chooseScenario(file: ScenarioFile, request: ModelRequest): readonly FileStep[] {
  const text = lastUserText(request.messages);
  const chosen = file.scenarios.find(({ match }) => isMatch(match, request, text));
  return chosen?.reply ?? file.otherwise ?? [{ text: toExplanation(file.scenarios) }];
}

function isMatch(match: ScenarioMatch, { agentId, messages, tools }: ModelRequest, text: string): boolean {
  if (isToolResult(messages.at(-1)) !== (match.toolResult ?? false)) return false;
  if (match.last !== undefined && !text.includes(match.last)) return false;
  if (match.pattern !== undefined && !toPattern(match.pattern).test(text)) return false;
  if (match.agent !== undefined && match.agent !== agentId) return false;
  if (match.turn !== undefined && match.turn !== messages.filter(({ role }) => role === "user").length) return false;
  if (match.reasoning !== undefined && !lastReasoning(messages).includes(match.reasoning)) return false;
  return match.tool === undefined || tools.some((tool) => toToolName(tool) === match.tool);
}

function toExplanation(scenarios: readonly Scenario[]): string {
  if (scenarios.length === 0) {
    return "No scenarios are loaded. Write a scenario file, or begin a message with a directive such as `@@echo hello`.";
  }
  return `No scenario matches this message. There are: ${scenarios.map(({ name }) => name).join(", ")}.`;
}
