import type { FinishReason, FunctionTool, Usage } from "../base/contract.ts";
import { createSilentLog } from "../base/log.ts";
import type { Capabilities, ModelEnd, ModelEvent, ModelRequest, Provider } from "../model/model.ts";
import type { Agent, BoundModel } from "./agents.ts";
import { toReach } from "./model-reach.ts";
import type { ToolResult, ToolSet } from "../tool/tool-set.ts";

export const everything: Capabilities = {
  input: new Set(["image", "audio", "file"]),
  tools: new Set(["function", "custom"]),
  responseFormats: new Set(["json_object", "json_schema"]),
  logprobs: true,
};

/** How a script ends. */
export interface End extends ModelEnd {
  readonly type: "end";
}

/** What one call of a scripted model gives: events and an end, a failure in their place, or a promise to wait for. */
export type Said = readonly (ModelEvent | End | Error | (() => Promise<unknown>))[];

export interface ScriptedModel extends Provider {
  /** Every call, in order. */
  readonly requests: ModelRequest[];
  /** How many calls were ended before their script was. */
  readonly left: { count: number };
}

/** A model that plays one script for each call, the last one again and again; it throws the signal's reason at once. */
export function createModel(scripts: readonly Said[], able: Partial<Capabilities> = {}): ScriptedModel {
  const requests: ModelRequest[] = [];
  const left = { count: 0 };
  return {
    requests,
    left,
    toCapabilities: () => ({ ...everything, ...able }),
    async stream(request, { signal, emit }) {
      const said = scripts[requests.length] ?? scripts.at(-1) ?? [];
      requests.push(request);
      let ended: ModelEnd | undefined;
      try {
        for (const moment of said) {
          signal.throwIfAborted();
          if (moment instanceof Error) throw moment;
          if (typeof moment === "function") await moment();
          else if (moment.type === "end") ended = { finishReason: moment.finishReason, usage: moment.usage };
          else emit(moment);
        }
        if (ended === undefined) throw new Error("the script has no end");
        return ended;
      } catch (error) {
        left.count += 1;
        throw error;
      }
    },
  };
}

export const oneEach: Usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

export const start: ModelEvent = { type: "start" };
export const text = (said: string): ModelEvent => ({ type: "text-delta", text: said });
export const reasoning = (said: string): ModelEvent => ({ type: "reasoning-delta", text: said });
export const end = (finishReason: FinishReason = "stop"): End => ({ type: "end", finishReason, usage: oneEach });

/** A whole answer of this text. */
export const answer = (said: string): Said => [start, text(said), end()];

/** The events of one call of a function. */
export function call(index: number, name: string, args = "{}"): ModelEvent[] {
  return [
    { type: "tool-call-start", index, id: `call_${index}`, kind: "function", name },
    { type: "tool-call-delta", index, kind: "function", text: args },
  ];
}

export function toBound(provider: Provider, name = "house/small"): BoundModel {
  const model = name.slice(name.indexOf("/") + 1);
  return { provider, name, model, capabilities: provider.toCapabilities(model) };
}

/** An agent with these models, called `house/0`, `house/1`, … */
export function toAgent(providers: readonly Provider[], more: Partial<Agent> = {}): Agent {
  const [first, ...others] = providers.map((provider, index) => toBound(provider, `house/${index}`));
  if (first === undefined) throw new Error("an agent needs a model");
  return {
    id: "main",
    instructions: [],
    models: [first, ...others],
    reach: toReach(providers),
    include: [],
    enforcesFormat: false,
    stepsMax: 8,
    tools: {},
    mediaLimits: { imagesMax: 8, bytesMax: 1_000_000, pixelsMax: 1_000_000 },
    ...more,
  };
}

export const tool = (name: string): FunctionTool => ({ type: "function", function: { name } });

export interface ScriptedTools extends ToolSet {
  /** Every call as `name arguments`, in the order in which they came. */
  readonly calls: string[];
}

type RunTool = (args: string, signal: AbortSignal) => ToolResult | Promise<ToolResult>;

export function createTools(tools: Readonly<Record<string, RunTool>>): ScriptedTools {
  const calls: string[] = [];
  return {
    calls,
    tools: Object.keys(tools).map(tool),
    owns: (name) => Object.hasOwn(tools, name),
    find: (name) => ({ tool: name }),
    async call(name, args, signal) {
      calls.push(`${name} ${args}`);
      const run = tools[name];
      if (run === undefined) throw new Error(`no tool ${name}`);
      return run(args, signal);
    },
  };
}

export const gives =
  (said: string, failed = false): RunTool =>
  () => ({ text: said, failed });

export const silent = createSilentLog();
export const never = (): AbortSignal => new AbortController().signal;
