import { createHash } from "node:crypto";

/** The longest name of a function that model APIs take. */
const nameLengthMax = 64;
const hashLength = 8;

export interface ServerAndTool {
  readonly server: string;
  readonly tool: string;
}

/** What the names of all tools of a server begin with. */
export function toNamePrefix(server: string): string {
  return `${server}__`.replaceAll(otherCharacter, "_");
}

const otherCharacter = /[^a-zA-Z0-9_-]/g;

/**
 * The name of each tool as the model sees it, in the order given: `<server>__<tool>` in letters, digits, `_` and `-`,
 * at most 64 of them. A name that would be too long, or that two tools would share, ends in a hash of what the tool is
 * really called; so it does not depend on the order in which servers list their tools.
 */
export function toModelNames(tools: readonly ServerAndTool[]): string[] {
  const plain = tools.map(({ server, tool }) => toNamePrefix(server) + tool.replaceAll(otherCharacter, "_"));
  const hashed = new Set(plain.flatMap((name, index) => (name.length > nameLengthMax ? [index] : [])));
  for (;;) {
    const names = plain.map((name, index) => (hashed.has(index) ? addHash(name, tools[index]) : name));
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    // Usually none; again, because a tool may bear the very name that another one has just been given.
    const shared = names.flatMap((name, index) => (!hashed.has(index) && counts.get(name) !== 1 ? [index] : []));
    if (shared.length === 0) return names;
    for (const index of shared) hashed.add(index);
  }
}

function addHash(name: string, tool: ServerAndTool | undefined): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([tool?.server, tool?.tool]))
    .digest("hex");
  return `${name.slice(0, nameLengthMax - hashLength - 1)}_${hash.slice(0, hashLength)}`;
}
