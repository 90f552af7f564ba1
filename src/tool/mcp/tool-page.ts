import { setImmediate as nextTurn } from "node:timers/promises";
import type { JsonSchema } from "../../base/contract.ts";
import type { LeftOut } from "../tool-set.ts";
import { isObject } from "./json-object.ts";
import { toParameters } from "./tool-schema.ts";

/** A tool of a server, as far as a model is told of it. */
export interface OfferedTool {
  /** The server's own name for it. */
  readonly name: string;
  readonly description: string | undefined;
  readonly parameters: JsonSchema;
}

/** One answer to `tools/list`. */
export interface ToolPage {
  /** Of everything in it. */
  readonly length: number;
  readonly tools: readonly OfferedTool[];
  readonly leftOut: readonly LeftOut[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/** Their schemas are read in slices of so many tools, with a turn of the event loop between them. */
const sliceTools = 32;

/**
 * A tool that cannot be used is left out alone; of a page of more than `toolsMax` tools the others are not looked at.
 * Undefined for what is no list. `place` is that of its first tool.
 */
export async function readToolPage(result: unknown, place: number, toolsMax: number): Promise<ToolPage | undefined> {
  if (!isObject(result)) return undefined;
  const { tools: given, nextCursor } = result;
  if (!Array.isArray(given)) return undefined;
  const tools: OfferedTool[] = [];
  const leftOut: LeftOut[] = [];
  for (const [index, one] of given.slice(0, toolsMax).entries()) {
    // oxlint-disable-next-line no-await-in-loop -- the others shall have a turn, which is what is waited for
    if (index % sliceTools === sliceTools - 1) await nextTurn();
    const tool = readTool(one, `#${place + index}`);
    if ("why" in tool) leftOut.push(tool);
    else tools.push(tool);
  }
  if (nextCursor != null && typeof nextCursor !== "string") {
    leftOut.push({ tool: undefined, field: "nextCursor", why: "is not a text, and ends the list" });
  }
  // Many servers end their list with an empty cursor.
  const cursor = typeof nextCursor === "string" && nextCursor !== "" ? nextCursor : undefined;
  return { length: given.length, tools, leftOut, nextCursor: cursor };
}

function readTool(given: unknown, place: string): OfferedTool | LeftOut {
  if (!isObject(given)) return { tool: place, field: "tools", why: "is not an object" };
  const { name, description, inputSchema } = given;
  if (typeof name !== "string") return { tool: place, field: "name", why: "is not a text" };
  if (name.trim() === "") return { tool: place, field: "name", why: "is empty" };
  const read = toParameters(inputSchema);
  if ("why" in read) return { tool: name, ...read };
  return { name, description: typeof description === "string" ? description : undefined, ...read };
}
