import type { AnswerHead } from "./head.ts";
import type { Included } from "../../run/agents.ts";
import type { RunEntry } from "../../session/run-store.ts";

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

/** The head of a run that may have come by another door, where nobody has asked for a completion: the same each time. */
export function toRunHead({ id, form, agentId, createdAt }: RunEntry & { readonly form: string }): AnswerHead {
  const own = {
    id: id.replace(/^run_/, "chatcmpl-"),
    created: Math.floor(createdAt / 1000),
    model: `openclaw/${agentId}`,
    includeUsage: false,
    legacy: false,
    stateless: false,
  };
  return { ...own, ...toHead(form) };
}
