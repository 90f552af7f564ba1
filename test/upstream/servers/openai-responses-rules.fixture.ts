import type { Body } from "./script.fixture.ts";

interface Item {
  readonly type?: string;
  readonly call_id?: string;
  readonly name?: string;
}

const calls: ReadonlySet<string | undefined> = new Set(["function_call", "custom_tool_call"]);
const outputs: ReadonlySet<string | undefined> = new Set(["function_call_output", "custom_tool_call_output"]);

/** What the Responses API says to a request whose form is wrong; undefined if it is right. */
export function refuseResponses(body: Body): string | undefined {
  if (!("tools" in body))
    for (const field of ["tool_choice", "parallel_tool_calls"])
      if (field in body) return `Invalid value for '${field}': it must be specified with the 'tools' parameter.`;
  const open = new Set<string>();
  const known = new Set<string>();
  const items = body["input"] as readonly Item[];
  if (items.length === 0) return "Invalid 'input': empty array.";
  for (const [index, { type, call_id: id = "", name = "" }] of items.entries()) {
    if (!calls.has(type) && !outputs.has(type)) continue;
    if (id.length > 64)
      return `Invalid 'input[${index}].call_id': string too long. Expected a string with maximum length 64, but got a string with length ${id.length} instead.`;
    if (outputs.has(type)) {
      if (!open.delete(id)) return `No tool call found for function call output with call_id ${id}.`;
      continue;
    }
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) return `Invalid 'input[${index}].name': string does not match pattern.`;
    if (known.has(id)) return `Duplicate item found with call_id ${id}.`;
    known.add(id);
    open.add(id);
  }
  return open.size > 0 ? `No tool output found for function call ${[...open].join(", ")}.` : undefined;
}
