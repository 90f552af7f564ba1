import { hash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Break, toEdits } from "./break.ts";
import { breaks } from "./breaks.ts";

/** By break, as it stands: that its rows' tests were seen to notice it. A break that is changed has to be seen anew. */
const path = "tools/defence/seen.json";

export function toBreakId(taken: Break): string {
  const { rows, tests, says } = taken;
  return hash("sha256", JSON.stringify([rows, toEdits(taken), tests, says])).slice(0, 12);
}

export function readSeen(root: string): ReadonlySet<string> {
  const file = join(root, path);
  return new Set(existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : []);
}

/** Keeps how it went with a break, and forgets those that are no more. */
export function recordSeen(root: string, taken: Break, isSeen: boolean): void {
  const ids = new Set(readSeen(root));
  if (isSeen) ids.add(toBreakId(taken));
  else ids.delete(toBreakId(taken));
  const kept = breaks.map(toBreakId).filter((id) => ids.has(id));
  writeFileSync(join(root, path), `${JSON.stringify([...new Set(kept)].toSorted(), null, 2)}\n`);
}
