import type { Report } from "../shapes.ts";

/** Workflow commands that make GitHub show each finding beside the run. */
export function toAnnotations({ results, died }: Report): string[] {
  const death = died === undefined ? [] : [`::error title=The server died::${escapeMessage(died.message)}`];
  const findings = results.flatMap((result) => {
    const { id, sdk, verdict, requirement, expected, actual, reason } = result;
    if (result.after === true) return [];
    const kind =
      verdict === "fail" || verdict === "error" || verdict === "xpass" ? "error" : verdict === "warn" ? "warning" : "";
    if (kind === "") return [];
    const title = sdk === undefined ? id : `${id} (openai ${sdk})`;
    const finding = expected === undefined ? (reason ?? "") : `expected ${expected}, got ${actual ?? ""}`;
    return [`::${kind} title=${escapeProperty(title)}::${escapeMessage(`${requirement} — ${finding}`)}`];
  });
  return [...death, ...findings];
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
