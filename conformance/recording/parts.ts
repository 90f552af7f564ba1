import { setImmediate as turn } from "node:timers/promises";
import { type Secrecy, toEvents } from "./events.ts";
import {
  countBytes,
  type RecordedConnection,
  type RecordedEvent,
  type RecordedPart,
  type RecordedTake,
} from "./format.ts";
import { findHandedOut, TooManySecrets } from "./handed-out.ts";
import type { Heard } from "./heard.ts";

/** The line of a case has so much of what went over its connections, and parts have the rest. */
const lineBytesMax = 262_144;
const partBytesMax = 65_536;
const partEventsMax = 1000;

interface Facts extends Secrecy {
  readonly unique: string;
}

/**
 * The connections as they are written, without secrets, those of the subject's own making among them. What is long is
 * written on the way, with turns between for the cases that go on beside.
 */
export async function writeConnections(
  heard: readonly Heard[],
  { unique, secrets: known, plain }: Facts,
  write: (part: RecordedPart) => void,
): Promise<Pick<RecordedTake, "connections" | "cut">> {
  const cut = heard.find((one) => one.cut !== undefined)?.cut;
  if (cut !== undefined) return { connections: [], cut };
  const found = await findSecrets(heard);
  if (found instanceof TooManySecrets) return { connections: [], cut: found.message };
  const secrecy = { secrets: [...new Set([...known, ...found])], plain };
  const connections: RecordedConnection[] = [];
  let left = lineBytesMax;
  for (const [connection, one] of heard.entries()) {
    const { refused, bytes } = one;
    const events = toEvents(one, secrecy);
    const isShort = bytes <= left;
    if (isShort) left -= bytes;
    else
      for (const part of toParts(events)) {
        write({ part: unique, connection, events: part });
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await turn();
      }
    connections.push({ ...(refused === undefined ? {} : { refused }), events: isShort ? [...events] : [] });
  }
  return { connections };
}

async function findSecrets(heard: readonly Heard[]): Promise<string[] | TooManySecrets> {
  const found = new Set<string>();
  try {
    for (const one of heard) {
      for (const secret of findHandedOut(one.pieces("came"), one.pieces("sent"))) found.add(secret);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await turn();
    }
    return [...found];
  } catch (error) {
    if (error instanceof TooManySecrets) return error;
    throw error;
  }
}

function* toParts(events: Iterable<RecordedEvent>): Generator<RecordedEvent[]> {
  let [part, bytes]: [RecordedEvent[], number] = [[], 0];
  for (const event of events) {
    part.push(event);
    bytes += countBytes(event);
    if (bytes < partBytesMax && part.length < partEventsMax) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}
