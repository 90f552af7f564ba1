import { type Config, secretKeys } from "../contract.ts";
import type { FilledText, TextPath } from "./references.ts";
import { escapeTemplate } from "./template.ts";

/**
 * The configuration as it may be shown: every secret is replaced by its length, and what references brought into other
 * texts, which may be as secret, by the name of the variable. A `${` that means itself stands as it has to in a file.
 */
export function maskSecrets(config: Config, filled: readonly FilledText[] = []): unknown {
  const shown = new Map(filled.map((text) => [JSON.stringify(text.path), text.shown]));
  return toShown(config, [], (text, path) =>
    isSecret(path) ? `<secret, ${text.length} characters>` : (shown.get(JSON.stringify(path)) ?? escapeTemplate(text)),
  );
}

function toShown(value: unknown, path: TextPath, show: (text: string, path: TextPath) => string): unknown {
  if (typeof value === "string") return show(value, path);
  if (Array.isArray(value)) return value.map((item, index) => toShown(item, [...path, index], show));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toShown(item, [...path, name], show)]));
}

function isSecret(path: TextPath): boolean {
  return secretKeys.some(
    (secret) => secret.length === path.length && secret.every((step, index) => step === "*" || step === path[index]),
  );
}
