import { crc32 } from "node:zlib";
import { toColumn } from "../column.ts";
import type { EventBatch, RunEnd, RunHold } from "../run-store.ts";

/** The parameters by which a run is found that may be written. */
export function toHoldValues({ id, epoch }: RunHold, holder: string, { from }: EventBatch): readonly unknown[] {
  return [toColumn(id), holder, epoch, from];
}

/** In the order of `endValues`. */
export function toEndValues({ state, usage, answer, error, freesKey, begun }: RunEnd): readonly unknown[] {
  return [state, usage === undefined ? null : JSON.stringify(usage), answer, error, freesKey === true, begun];
}

export function toEventValues({ from, events }: EventBatch): readonly unknown[] {
  return events.flatMap((body, index) => [body, crc32(body, from + index)]);
}
