import type { ProxiedAnswer } from "../mutant.ts";

export type Headers = Record<string, string>;

export function drop(headers: Readonly<Headers>, ...names: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** The answer with headers added or replaced. */
export function add(answer: ProxiedAnswer, headers: Readonly<Headers>): ProxiedAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
