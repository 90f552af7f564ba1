import { type Config, secretKeys } from "../contract.ts";

/** The configuration as it may be shown: every secret is replaced by its length. */
export function maskSecrets(config: Config): unknown {
  const copy = structuredClone(config) as unknown;
  for (const path of secretKeys) mask(copy, path);
  return copy;
}

function mask(value: unknown, [key, ...rest]: readonly string[]): void {
  if (typeof value !== "object" || value === null || key === undefined) return;
  const holder = value as Record<string, unknown>;
  for (const name of key === "*" ? Object.keys(holder) : [key]) {
    if (rest.length > 0) mask(holder[name], rest);
    else if (typeof holder[name] === "string") holder[name] = `<secret, ${holder[name].length} characters>`;
  }
}
