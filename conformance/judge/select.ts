import { type Case, toGroup } from "../case.ts";
import type { Profile } from "../reach/subject.ts";
import { UsageError } from "../terminal.ts";

/** Which cases to run. */
export interface Selection {
  /** Globs over ids and groups, such as `SS-*` or `TOOL`; empty for all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly profile: Profile;
}

export function selectCases(cases: readonly Case[], { only, skip, profile }: Selection): Case[] {
  return cases.filter(
    (one) =>
      fits(one, profile) &&
      (only.length === 0 || only.some((glob) => matches(one, glob))) &&
      !skip.some((glob) => matches(one, glob)),
  );
}

/** What is an extension of the gateway profile says nothing about any other server, and neither does what its socket does. */
function fits({ level, door }: Case, profile: Profile): boolean {
  switch (profile) {
    case "gateway":
      return true;
    case "chat":
      return level !== "EXT" && door === undefined;
    case "websocket":
      return level !== "EXT" && door === "websocket";
  }
}

/** The globs that name no case; most likely misspelt. */
export function findIdleGlobs(cases: readonly Case[], globs: readonly string[]): string[] {
  return globs.filter((glob) => !cases.some((one) => matches(one, glob)));
}

/** Nobody shall take for done what was never begun: throws if a glob names no case, and says what there is. */
export function refuseIdleGlobs(cases: readonly Case[], globs: readonly string[]): void {
  const idle = findIdleGlobs(cases, globs);
  if (idle.length > 0) throw new UsageError(`There is no case or group ${idle.join(", ")}. ${listGroups(cases)}`);
}

/** What could be said in place of a name that is not there. */
export function listGroups(cases: readonly Case[]): string {
  return `The groups are ${[...new Set(cases.map(toGroup))].join(", ")}; \`list\` shows the cases.`;
}

/** Whether the glob names the case or its group. */
export function matches(one: Case, glob: string): boolean {
  return fitsGlob(one.id, glob) || fitsGlob(toGroup(one), glob);
}

export function fitsGlob(name: string, glob: string): boolean {
  const parts = glob.split("*").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(name);
}
