import type { FinishReason, Tool } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { ModelSettings } from "../model/model.ts";

export function toToolName(tool: Tool): string {
  return tool.type === "function" ? tool.function.name : tool.custom.name;
}

export interface Offer {
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
}

/** A list of allowed tools becomes an offer of only these: that every model understands. */
export function narrowOffer({ tools, settings }: Offer): Offer {
  const { tool_choice: choice } = settings;
  const allowed = toAllowedNames(choice);
  if (allowed === undefined || typeof choice !== "object" || choice.type !== "allowed_tools")
    return { tools, settings };
  return {
    tools: tools.filter((tool) => allowed.has(toToolName(tool))),
    settings: { ...settings, tool_choice: choice.allowed_tools.mode },
  };
}

/** What still holds once a tool was called: a demand kept up would never let the model answer. */
export function relaxDemand(settings: ModelSettings): ModelSettings {
  const { tool_choice: choice } = settings;
  if (choice === undefined || choice === "none") return settings;
  if (typeof choice !== "object" || choice.type !== "allowed_tools") return { ...settings, tool_choice: "auto" };
  return { ...settings, tool_choice: { ...choice, allowed_tools: { ...choice.allowed_tools, mode: "auto" } } };
}

function toAllowedNames(choice: ModelSettings["tool_choice"]): ReadonlySet<unknown> | undefined {
  if (typeof choice !== "object" || choice.type !== "allowed_tools") return undefined;
  return new Set(choice.allowed_tools.tools.map(toAllowedName));
}

function toAllowedName(tool: Readonly<Record<string, unknown>>): unknown {
  const named = tool[String(tool["type"])] as { readonly name?: unknown } | undefined;
  return named?.name;
}

/** Holds a model to what the client has asked for: SDKs act on a tool call without looking twice. */
export interface ChoiceGuard {
  /** False for a call that `parallel_tool_calls: false` has no room for. Throws `upstream_error` for a forbidden one. */
  admits(name: string): boolean;
  /** Throws `upstream_error` if a call was demanded and none came. */
  finish(reason: FinishReason): void;
}

/** A name that nobody knows is let through: the client's own loop can tell the model so, and often mends it. */
export function createChoiceGuard({ tools, settings }: Offer): ChoiceGuard {
  const { tool_choice: choice, parallel_tool_calls: parallel } = settings;
  const demanded = toDemandedName(choice);
  const allowed = toAllowedNames(choice);
  const forbidden = new Set(allowed && tools.map(toToolName).filter((name) => !allowed.has(name)));
  let calls = 0;
  return {
    admits(name) {
      if (choice === "none") throw fault("a tool although 'tool_choice' is 'none'");
      if (demanded !== undefined && name !== demanded)
        throw fault("another tool than the one that 'tool_choice' demands");
      if (forbidden.has(name)) throw fault("a tool that 'tool_choice' does not allow");
      calls += 1;
      return calls === 1 || parallel !== false;
    },
    finish(reason) {
      const mustCall = choice === "required" || demanded !== undefined || isRequired(choice);
      if (!mustCall || calls > 0 || reason === "length" || reason === "content_filter") return;
      throw new GatewayError("upstream_error", "The model called no tool although 'tool_choice' demands it.");
    },
  };
}

function isRequired(choice: ModelSettings["tool_choice"]): boolean {
  return typeof choice === "object" && choice.type === "allowed_tools" && choice.allowed_tools.mode === "required";
}

function toDemandedName(choice: ModelSettings["tool_choice"]): string | undefined {
  if (typeof choice !== "object") return undefined;
  if (choice.type === "function") return choice.function.name;
  return choice.type === "custom" ? choice.custom.name : undefined;
}

function fault(what: string): GatewayError {
  return new GatewayError("upstream_error", `The model called ${what}.`);
}
