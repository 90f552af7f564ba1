import type { AnswerHead } from "./head.ts";
import type { Included } from "../../run/agents.ts";

/** How a client wants the answer of a run that is logged, so that others can be given the same: the head as JSON text. */
export function toForm({ include, ...head }: AnswerHead): string {
  return JSON.stringify({ ...head, include: [...include] });
}

/** What `toForm` made it of. */
export function toHead(form: string): AnswerHead {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `toForm`
  const { include, ...head } = JSON.parse(form) as Omit<AnswerHead, "include"> & { readonly include: Included[] };
  return { ...head, include: new Set(include) };
}
