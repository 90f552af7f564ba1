import type { AnyReply } from "./reply.ts";

/** The headers of a reply that have a value, as texts. */
export function listHeaders(headers: AnyReply["headers"]): [name: string, value: string][] {
  const entries: [string, unknown][] = Object.entries(headers ?? {});
  return entries.flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [[name, String(value)]] : [],
  );
}
