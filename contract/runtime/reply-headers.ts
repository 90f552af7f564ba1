import type { AnyReply } from "./reply.ts";

/** The headers of a reply that have a value, as texts. */
export function listHeaders(headers: AnyReply["headers"]): [name: string, value: string][] {
  const entries: [string, unknown][] = Object.entries(headers ?? {});
  const listed: [string, string][] = [];
  for (const [name, value] of entries) {
    if (typeof value === "string") listed.push([name, value]);
    else if (typeof value === "number" || typeof value === "boolean") listed.push([name, String(value)]);
  }
  return listed;
}
