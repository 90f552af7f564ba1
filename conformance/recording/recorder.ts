import type { Socket } from "node:net";
import { type Dial, dialStraight } from "../lens/dial.ts";
import type { Subject } from "../reach/subject.ts";
import { toCame, toSent } from "./bytes.ts";
import { createDisguise, findSecrets, toStandIn } from "./disguise.ts";
import { toRecordedError } from "./error.ts";
import type { RecordedConnection, RecordedError, RecordedEvent, RecordedTake } from "./format.ts";
import type { Take, Tape } from "./take.ts";
import { type Happening, tap } from "./tap.ts";
import { acceptMark, toAccept, withoutVariable } from "./variable.ts";

interface Heard {
  refused?: RecordedError;
  readonly happenings: Happening[];
}

/** Records what a subject is asked and says; `write` is given a line for each case that is over. */
export function createRecorder(
  subject: Subject,
  secrets: readonly string[],
  nonce: string,
  write: (line: RecordedTake) => void,
): Tape {
  const dial = subject.dial ?? dialStraight;
  let tries = 0;
  return {
    take: (name) => {
      const connections: Heard[] = [];
      const observed: Record<string, unknown> = {};
      const unique = `${nonce} ${name} ${tries++}`;
      let isOver = false;
      return {
        unique,
        dial: toTapped(
          dial,
          (heard) => void (isOver || connections.push(heard)),
          () => isOver,
        ),
        observe: (key, look) => {
          const seen = look();
          observed[key] = seen;
          return seen;
        },
        stale: () => undefined,
        end: () => {
          isOver = true;
          const kept = toConnections(connections, secrets);
          const beside = Object.keys(observed).length === 0 ? {} : { observed };
          write({ case: name, unique, ...beside, connections: kept });
        },
      } satisfies Take;
    },
  };
}

function toTapped(dial: Dial, begin: (heard: Heard) => void, isOver: () => boolean): Dial {
  return async (place): Promise<Socket> => {
    const heard: Heard = { happenings: [] };
    begin(heard);
    try {
      const socket = await dial(place);
      tap(socket, (what) => void (isOver() || heard.happenings.push(what)));
      return socket;
    } catch (error) {
      heard.refused = toRecordedError(error as Error);
      throw error;
    }
  };
}

/** As they are written: without secrets, those of the subject's own making among them. */
function toConnections(connections: readonly Heard[], secrets: readonly string[]): RecordedConnection[] {
  const found = connections.flatMap(({ happenings }) =>
    findSecrets(join(happenings, "came"), join(happenings, "sent")),
  );
  const all = [...new Set([...secrets, ...found])];
  const disguise = createDisguise(all);
  return connections.map(({ refused, happenings }) => ({
    ...(refused === undefined ? {} : { refused }),
    events: toEvents(happenings, disguise),
  }));
}

/** A secret may begin in one piece and end in the next: the pieces are cut again from the whole. */
function toEvents(happenings: readonly Happening[], disguise: (bytes: string) => string): RecordedEvent[] {
  const sent = join(happenings, "sent");
  const accept = toAccept(sent);
  const came = disguise(join(happenings, "came"));
  const left = {
    sent: disguise(sent),
    came: accept === undefined ? came : came.replace(accept, acceptMark),
  };
  const cut = (way: "sent" | "came", length: number): string => {
    const piece = left[way].slice(0, length);
    left[way] = left[way].slice(length);
    return piece;
  };
  return happenings.map((what): RecordedEvent => {
    if ("sent" in what) return { at: what.at, ...toSent(withoutVariable(cut("sent", what.sent.length))) };
    if ("came" in what) return { at: what.at, ...toCame(cut("came", what.came.length)) };
    return what;
  });
}

function join(happenings: readonly Happening[], way: "sent" | "came"): string {
  const pieces = happenings.map((what) =>
    "sent" in what ? ["sent", what.sent] : "came" in what ? ["came", what.came] : [],
  );
  return pieces.map(([kind, bytes = ""]) => (kind === way ? bytes : "")).join("");
}

/** The subject as a replay calls it. */
export function toStandInSubject({ apiKey, headers = {}, query, secrets: own }: Subject, secrets: readonly string[]) {
  const disguise = createDisguise(secrets);
  const told = Object.entries(headers).map(([name, value]) => [name, disguise(value)] as const);
  return {
    apiKey: toStandIn(apiKey),
    headers: Object.fromEntries(told),
    ...(own === undefined ? {} : { secrets: own.map(disguise) }),
    ...(query === undefined ? {} : { query: disguise(query) }),
  };
}
