import type { Chunk } from "../mutant.ts";

export type Usage = Readonly<Record<string, unknown>>;

/** Changes the usage where there is one. */
export function changeUsage(edit: (usage: Usage) => Usage): (body: Chunk) => Chunk {
  return (body) => (body["usage"] ? { ...body, usage: edit(body["usage"] as Usage) } : body);
}
