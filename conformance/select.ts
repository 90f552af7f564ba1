import { type Case, toGroup } from "./case.ts";
import type { Profile } from "./subject.ts";

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

function matches(one: Case, glob: string): boolean {
  const pattern = new RegExp(
    `^${glob
      .split("*")
      .map((part) => RegExp.escape(part))
      .join(".*")}$`,
    "i",
  );
  return pattern.test(one.id) || pattern.test(toGroup(one));
}
