import type { Message, Tool, ToolCall } from "../../base/contract.ts";
import { toToolName } from "../../base/tool-call.ts";
import type { MessageForm } from "../message-form.ts";
import type { ModelEvent, ModelRequest } from "../model.ts";

type Emit = (event: ModelEvent) => void;

/** A request whose tools have names that the vendor takes, and the way back of the names to whoever hears the answer. */
export interface NamedRequest {
  readonly request: ModelRequest;
  readonly toEmit: (emit: Emit) => Emit;
}

/** Every vendor takes the names of the contract, but for those that have to begin as a word. */
export function fitToolNames(request: ModelRequest, { toolNames }: MessageForm): NamedRequest {
  const known = request.tools.map(toToolName);
  const misfits = toolNames === "any" ? [] : known.filter((name) => !/^[a-zA-Z_]/.test(name));
  if (misfits.length === 0) return { request, toEmit: (emit) => emit };
  const fitted = new Map<string, string>();
  const given = new Map<string, string>();
  for (const name of misfits) {
    const fitting = toFreeName(name, new Set([...known, ...given.keys()]));
    fitted.set(name, fitting);
    given.set(fitting, name);
  }
  const rename = (name: string): string => fitted.get(name) ?? name;
  return {
    request: toRenamed(request, rename),
    toEmit: (emit) => (event) =>
      emit(event.type === "tool-call-start" ? { ...event, name: given.get(event.name) ?? event.name } : event),
  };
}

function toFreeName(name: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count += 1) {
    const fitting = `${count === 1 ? "_" : `_${count}_`}${name}`.slice(0, 64);
    if (!taken.has(fitting)) return fitting;
  }
}

type Rename = (name: string) => string;

function toRenamed(request: ModelRequest, rename: Rename): ModelRequest {
  const { tool_choice: choice, ...settings } = request.settings;
  const isNamed = typeof choice === "object" && choice.type === "function";
  const renamed = isNamed ? { ...choice, function: { name: rename(choice.function.name) } } : choice;
  return {
    ...request,
    messages: request.messages.map((message) => withRenamedCalls(message, rename)),
    tools: request.tools.map((tool) => withName(tool, rename)),
    settings: renamed === undefined ? settings : { ...settings, tool_choice: renamed },
  };
}

function withRenamedCalls(message: Message, rename: Rename): Message {
  if (message.role !== "assistant" || message.tool_calls === undefined) return message;
  return { ...message, tool_calls: message.tool_calls.map((call) => withName(call, rename)) };
}

function withName<Named extends Tool | ToolCall>(named: Named, rename: Rename): Named {
  // Only the name differs, which keeps its place.
  return named.type === "function"
    ? { ...named, function: { ...named.function, name: rename(named.function.name) } }
    : { ...named, custom: { ...named.custom, name: rename(named.custom.name) } };
}
