import type { Socket } from "node:net";
import { type Dial, dialStraight } from "../lens/dial.ts";
import type { Subject } from "../reach/subject.ts";
import { createDisguise } from "./disguise.ts";
import { toRecordedError } from "./error.ts";
import { Heard } from "./heard.ts";
import { writeConnections } from "./parts.ts";
import type { RecordedPart, RecordedTake } from "./format.ts";
import { toPlainWords } from "./plain-words.ts";
import { Spool } from "./spool.ts";
import type { Take, Tape } from "./take.ts";
import { tap } from "./tap.ts";

/** Records what a subject is asked and says; `write` is given a line for each case that is over, and parts of it before that where it is long. */
export function createRecorder(
  subject: Subject,
  secrets: readonly string[],
  nonce: string,
  write: (line: RecordedTake | RecordedPart) => void,
): Tape {
  const dial = subject.dial ?? dialStraight;
  const plain = toPlainWords(subject);
  /** What one keeps that has not ended, since it is tried again. */
  const open = new Map<string, Spool>();
  let tries = 0;
  return {
    take: (name) => {
      open.get(name)?.close();
      const spool = new Spool();
      open.set(name, spool);
      const connections: Heard[] = [];
      const observed: Record<string, unknown> = {};
      const unique = `${nonce} ${name} ${tries++}`;
      let isOver = false;
      const begin = (): Heard => {
        const heard = new Heard(spool);
        if (!isOver) connections.push(heard);
        return heard;
      };
      return {
        unique,
        dial: toTapped(dial, begin),
        observe: (key, look) => {
          const seen = look();
          observed[key] = seen;
          return seen;
        },
        stale: () => undefined,
        end: async () => {
          isOver = true;
          for (const heard of connections) heard.stop();
          const beside = Object.keys(observed).length === 0 ? {} : { observed };
          const kept = await writeConnections(connections, { unique, secrets, plain }, write);
          write({ case: name, unique, ...beside, ...kept });
          spool.close();
          open.delete(name);
        },
      } satisfies Take;
    },
  };
}

/** The subject as a replay calls it. */
export function toStandInSubject(subject: Subject, secrets: readonly string[]) {
  const { apiKey, headers = {}, query, secrets: own } = subject;
  const { hide } = createDisguise(secrets, { plain: toPlainWords(subject) });
  const told = Object.entries(headers).map(([name, value]) => [name, hide(value)] as const);
  return {
    apiKey: hide(apiKey),
    headers: Object.fromEntries(told),
    ...(own === undefined ? {} : { secrets: own.map(hide) }),
    ...(query === undefined ? {} : { query: hide(query) }),
  };
}

function toTapped(dial: Dial, begin: () => Heard): Dial {
  return async (place): Promise<Socket> => {
    const heard = begin();
    try {
      const socket = await dial(place);
      tap(socket, (what) => heard.add(what));
      return socket;
    } catch (error) {
      heard.refused = toRecordedError(error as Error);
      throw error;
    }
  };
}
