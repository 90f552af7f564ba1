import { isDeepStrictEqual } from "node:util";

/** More are hardly read. */
const changesMax = 100;

/** The keys that have another value in the second configuration, in the order of the file, without the values. */
export function listChanges(before: unknown, after: unknown): string[] {
  const changes: string[] = [];
  collect(before, after, "", changes);
  return changes.slice(0, changesMax);
}

function collect(before: unknown, after: unknown, key: string, changes: string[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (!isTable(before) || !isTable(after)) {
    changes.push(key);
    return;
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
    collect(before[name], after[name], key === "" ? name : `${key}.${name}`, changes);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
