import { crc32 } from "node:zlib";
import { toColumn } from "../column.ts";
import type { EventBatch, RunEnd, RunHold } from "../run-store.ts";

export type Values = Readonly<Record<string, unknown>>;

/** The parameters by which a run is found that may be written, and its events. */
export function toBatchValues({ id, epoch }: RunHold, holder: string, { from, events }: EventBatch): Values {
  const bodies = events.flatMap((body, index) => [
    [`event ${index}`, body],
    [`event checksum ${index}`, crc32(body, from + index)],
  ]);
  return { runId: toColumn(id), holder, epoch, from, ...(Object.fromEntries(bodies) as Values) };
}

export function toEndValues({ state, begun, usage, answer, error, freesKey }: RunEnd): Values {
  return {
    state,
    begun,
    usage: usage === undefined ? null : JSON.stringify(usage),
    runAnswer: answer,
    error,
    freesKey: freesKey === true,
  };
}
