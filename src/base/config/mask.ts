import { type Config, secretKeys } from "../contract.ts";
import { maskArguments, maskLiteral, toMask } from "./literal-secrets.ts";
import type { FilledText, TextPath } from "./references.ts";
import { escapeTemplate } from "./template.ts";

/**
 * The configuration as it may be shown: every secret is replaced by its length, also where it stands a second time, and
 * what references brought into other texts, which may be as secret, by the name of the variable. So is what people write
 * into addresses and arguments, as far as it can be told. A `${` that means itself stands as it has to in a file.
 */
export function maskSecrets(config: Config, filled: readonly FilledText[] = []): unknown {
  const shown = new Map(filled.map((text) => [JSON.stringify(text.path), text.shown]));
  const known = listSecrets(config);
  const show = (text: string, path: TextPath): string =>
    known.reduce(
      (rest, secret) => rest.replaceAll(secret, toMask),
      shown.get(JSON.stringify(path)) ?? escapeTemplate(text),
    );
  return toShown(config, [], show);
}

type Show = (text: string, path: TextPath) => string;

function toShown(value: unknown, path: TextPath, show: Show): unknown {
  if (typeof value === "string") return isSecret(path) ? toMask(value) : maskOther(show(value, path), path);
  if (Array.isArray(value)) {
    const items: unknown[] = value.map((item, index) => toShown(item, [...path, index], show));
    return isArguments(path) ? maskArguments(items.map(String)) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toShown(item, [...path, name], show)]));
}

/** What is neither marked as a secret nor words for a model, whatever it is for. */
function maskOther(text: string, path: TextPath): string {
  return path.at(-1) === "instructions" || isArguments(path.slice(0, -1)) ? text : maskLiteral(text);
}

function isArguments(path: TextPath): boolean {
  return path.length === 4 && path[0] === "mcp" && path[3] === "args";
}

/** Shorter ones are words too. */
const knownMin = 8;

function listSecrets(config: Config): string[] {
  const secrets = new Set<string>();
  const collect = (value: unknown, path: TextPath): void => {
    if (typeof value === "string" && value.length >= knownMin && isSecret(path)) secrets.add(value);
    if (typeof value !== "object" || value === null) return;
    for (const [name, item] of Object.entries(value)) collect(item, [...path, name]);
  };
  collect(config, []);
  return [...secrets].toSorted((one, other) => other.length - one.length);
}

function isSecret(path: TextPath): boolean {
  return secretKeys.some(
    (secret) => secret.length === path.length && secret.every((step, index) => step === "*" || step === path[index]),
  );
}
