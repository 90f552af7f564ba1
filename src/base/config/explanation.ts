import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toGeneratedFile } from "../contract.ts";
import type { ConfigPath } from "./config-error.ts";

/** The page of the reference, which is in the package. */
export const explanationFile = fileURLToPath(toGeneratedFile("config.md"));

/**
 * Where the page explains the key at this path: the anchor of its row, or of the first row of what the path is known to lead to. Names
 * that the user gives are `<name>` there, and places in a list `[]`.
 */
export function findAnchor(path: ConfigPath): string | undefined {
  const page = readFileSync(explanationFile, "utf8");
  const anchors = Array.from(page.matchAll(/<a id="([^"]+)">/g), ([, anchor = ""]) => anchor);
  const depths = anchors.map((anchor) => measure(path, toSteps(anchor)));
  const deepest = Math.max(0, ...depths);
  return deepest === 0 ? undefined : anchors[depths.indexOf(deepest)];
}

const toSteps = (anchor: string): string[] => anchor.replaceAll("[]", ".[]").split(".");

/** How many steps both have from the root on; a row that goes on no further is nearer than one that does. */
function measure(path: ConfigPath, steps: readonly string[]): number {
  const other = steps.findIndex((step, index) => !isStep(path[index], step));
  const common = other === -1 ? steps.length : other;
  return common === 0 ? 0 : common + (common === steps.length ? 0.5 : 0);
}

function isStep(given: string | number | undefined, step: string): boolean {
  if (typeof given === "number") return step === "[]";
  return given !== undefined && (step === given || step === "<name>");
}
