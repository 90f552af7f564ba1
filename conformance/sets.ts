import { readdirSync, readFileSync } from "node:fs";
import { type Case, type Level, levels } from "./case.ts";
import { isObject } from "./expect.ts";

/**
 * Cases and their levels as they were at a date. A set never changes: reports of two years that name the same one compare.
 * Cases that came later are run and told apart; they fail no run.
 */
export interface DatedSet {
  /** `2026-12`. */
  readonly name: string;
  readonly levels: ReadonlyMap<string, Level>;
}

const folder = new URL("sets/", import.meta.url);

/** The names of all sets, the newest last. */
export function listSets(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .toSorted();
}

export function loadSet(name: string): DatedSet {
  const frozen: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
  if (!isObject(frozen)) throw new Error(`sets/${name}.json is no map`);
  return { name, levels: new Map(Object.entries(frozen).map(([id, level]) => [id, toLevel(level)])) };
}

function toLevel(value: unknown): Level {
  const level = levels.find((one) => one === value);
  if (level === undefined) throw new Error(`there is no level ${String(value)}`);
  return level;
}

/** The cases with the levels of the set. Those that are not in it are marked, but for a host's, which no set can know. */
export function applySet(cases: readonly Case[], { levels: frozen }: DatedSet, own: readonly Case[] = []): Case[] {
  const ofHost = new Set(own.map(({ id }) => id));
  return cases.map((one) => {
    const level = frozen.get(one.id);
    if (level !== undefined) return { ...one, level };
    return ofHost.has(one.id) ? one : { ...one, after: true };
  });
}

/** A set of these cases, as it is frozen. */
export function toSetFile(cases: readonly Case[]): string {
  return `${JSON.stringify(Object.fromEntries(cases.map(({ id, level }) => [id, level])), null, 2)}\n`;
}
