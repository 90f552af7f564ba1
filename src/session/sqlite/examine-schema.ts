import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { StoreOutlook } from "../store.ts";
import { knownSteps, readVersion } from "./migrations.ts";

const current: StoreOutlook = { findings: [], isCurrent: true };

/**
 * Whether the database file is one that this program opens as it is. One that is not there yet is, and so is one that
 * cannot be looked at: whoever opens it says why.
 */
export function examineSchema(path: string): StoreOutlook {
  const version = readVersionOf(path);
  if (version === undefined || version === 0 || version >= knownSteps) return current;
  const detail = `the database has ${version} of the ${knownSteps} steps of this version, and is left as it is. The first start takes the others, and earlier versions refuse it from then on: copy the state folder before`;
  return { findings: [{ state: "warn", detail }], isCurrent: false };
}

function readVersionOf(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  try {
    using database = new DatabaseSync(path, { readOnly: true });
    return readVersion(database);
  } catch {
    return undefined;
  }
}
