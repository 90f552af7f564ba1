import type { LeftOut } from "../tool-set.ts";
import { listPagesMax, listToolsMax } from "./limits.ts";
import { toCause } from "./tool-failure.ts";
import { type OfferedTool, readToolPage, type ToolPage } from "./tool-page.ts";

/** What a server offers, and what of it cannot be used. */
export interface Offer {
  readonly tools: readonly OfferedTool[];
  readonly leftOut: readonly LeftOut[];
}

/** Resolves to one answer to `tools/list`. */
export type AskForPage = (cursor: string | undefined) => Promise<unknown>;

/**
 * Reads a list page by page. Where it is too long, goes round in circles or breaks off, the pages before count. Throws
 * what went wrong with the first page.
 */
export async function readToolList(ask: AskForPage): Promise<Offer> {
  const tools = new Map<string, OfferedTool>();
  const leftOut: LeftOut[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let place = 1;
  const end = (field?: string, why = ""): Offer => {
    if (field !== undefined) leftOut.push({ tool: undefined, field, why });
    return { tools: [...tools.values()], leftOut };
  };
  do {
    if (cursor !== undefined) cursors.add(cursor);
    const page = await readPage(ask, cursor, place);
    if (typeof page === "string") return end("tools", page);
    place += page.length;
    leftOut.push(...page.leftOut);
    for (const tool of page.tools) {
      if (tools.has(tool.name)) leftOut.push({ tool: tool.name, field: "name", why: "is that of a tool before it" });
      else if (tools.size < listToolsMax) tools.set(tool.name, tool);
      else return end("tools", `has more than ${listToolsMax} tools; the first ones count`);
    }
    cursor = page.nextCursor;
    if (cursor === undefined) return end();
    if (cursors.has(cursor)) return end("nextCursor", "leads back to a page before, and so ends the list");
  } while (cursors.size < listPagesMax - 1);
  return end("nextCursor", `leads to more than ${listPagesMax} pages; the first ones count`);
}

/** Why there is none is a text if pages came before it. */
async function readPage(ask: AskForPage, cursor: string | undefined, place: number): Promise<ToolPage | string> {
  try {
    // One more than count, so that the others are noticed.
    const page = await readToolPage(await ask(cursor), place, listToolsMax + 1);
    if (page === undefined) throw new Error("an answer to `tools/list` without a list `tools`");
    return page;
  } catch (cause) {
    if (cursor === undefined) throw cause;
    return `breaks off, and the pages before count: ${toCause(cause)}`;
  }
}
