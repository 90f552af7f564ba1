import type { Dial } from "../lens/dial.ts";
import { fromSent } from "./bytes.ts";
import { fromRecordedError } from "./error.ts";
import { Expected } from "./expected.ts";
import { isSent, type RecordedConnection, type RecordedTake } from "./format.ts";
import { ReplaySocket } from "./replay-socket.ts";
import type { Take, Tape } from "./take.ts";

/** Plays the part of the server from a recording. */
export function createPlayer(takes: ReadonlyMap<string, RecordedTake>, died: boolean): Tape {
  return {
    take: (name) => playTake(takes.get(name)),
    replayed: { has: (name) => takes.has(name), died },
  };
}

/** A finding of its own, since nothing can be said about the server. */
class Stale extends Error {
  override readonly name = "Stale";
}

function playTake(recorded: RecordedTake | undefined): Take {
  const { connections = [], observed = {}, unique = "" } = recorded ?? {};
  const used = new Set<RecordedConnection>();
  let [dialled, stale]: [number, string | undefined] = [0, undefined];
  const bind = (said: string | undefined): RecordedConnection | undefined => {
    const found = said === undefined ? findSilent(connections, used) : findSaid(connections, used, said);
    if (found !== undefined) used.add(found);
    return found;
  };
  const dial: Dial = () => {
    const next = connections[dialled++];
    if (next?.refused !== undefined) return Promise.reject(fromRecordedError(next.refused));
    const tell = (said: string): void => {
      stale ??= `the suite asks what the recording does not have: ${JSON.stringify(said.slice(0, 400))}`;
      socket.destroy(new Stale(stale));
    };
    const bindOrTell = (said: string | undefined): RecordedConnection | undefined => {
      const found = bind(said);
      if (found !== undefined || said === undefined) return found;
      // Of calls that are made at once another one may have been refused then.
      const refused = connections.find((one) => one.refused !== undefined)?.refused;
      if (refused === undefined) tell(said);
      else socket.destroy(fromRecordedError(refused));
      return undefined;
    };
    const socket = new ReplaySocket(bindOrTell, tell);
    return Promise.resolve(socket);
  };
  return {
    dial,
    unique,
    // What was observed is what `look` gave.
    observe: <T>(name: string, look: () => T): T => (name in observed ? (observed[name] as T) : look()),
    stale: () =>
      stale ?? (recorded === undefined && dialled > 0 ? "the recording has nothing of this case" : undefined),
    end: () => undefined,
  };
}

function findSilent(
  connections: readonly RecordedConnection[],
  used: ReadonlySet<RecordedConnection>,
): RecordedConnection | undefined {
  const isSilent = ({ events }: RecordedConnection): boolean => events[0] === undefined || !isSent(events[0]);
  return connections.find((one) => !used.has(one) && one.refused === undefined && isSilent(one));
}

/** The one that begins so: in the order in which they were recorded, as cases that ask in parallel may come in another one. */
function findSaid(
  connections: readonly RecordedConnection[],
  used: ReadonlySet<RecordedConnection>,
  said: string,
): RecordedConnection | undefined {
  const fits = connections.filter((one) => new Expected(one).take(said) && one.events.some(isSent));
  const whole = fits.filter((one) => new Expected(one).take(said) && toFirst(one).length <= said.length);
  const unused = (list: readonly RecordedConnection[]) => list.find((one) => !used.has(one));
  // Whoever asks until something is so may ask once more than then: the last answer holds.
  return unused(whole) ?? unused(fits) ?? whole.at(-1) ?? unused(connections.filter(isLeft));
}

function isLeft({ refused, events }: RecordedConnection): boolean {
  return refused === undefined && events.length === 0;
}

function toFirst({ events }: RecordedConnection): string {
  const first = events.find(isSent);
  return first === undefined ? "" : fromSent(first);
}
