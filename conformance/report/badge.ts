import type { Report } from "../shapes.ts";

/** The JSON of a shields.io endpoint badge: how many of the MUST cases that could be decided are met. */
export function toBadge({ results }: Report): string {
  const decided = results.filter(
    ({ level, verdict }) => level === "MUST" && !["skip", "not-claimed", "error", "not-run", "stale"].includes(verdict),
  );
  const met = decided.filter(({ verdict }) => verdict === "pass").length;
  const color =
    decided.length === 0
      ? "lightgrey"
      : met === decided.length
        ? "brightgreen"
        : met > decided.length * 0.9
          ? "yellow"
          : "red";
  return `${JSON.stringify({ schemaVersion: 1, label: "openai conformance", message: `${met}/${decided.length} MUST`, color })}\n`;
}
