import { crc32 } from "node:zlib";
import { toColumn } from "../column.ts";
import { toEndChecksum, toEntryChecksum, toStoredEnd } from "../run-checksum.ts";
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

export function toEndValues({ id }: RunHold, { begun, freesKey, ...end }: RunEnd): Values {
  const stored = toStoredEnd(end);
  const { answer, ...rest } = stored;
  return {
    ...rest,
    begun,
    runAnswer: answer,
    runChecksum: toEndChecksum(toColumn(id), stored),
    entryChecksum: toEntryChecksum(toColumn(id), stored),
    freesKey: freesKey === true,
  };
}
