import { Agent as HttpAgent, type AgentOptions } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { Agent as FetchAgent, fetch as fetchThrough, type RequestInfo, type RequestInit } from "undici";

/** Where a connection leads to. */
export interface Place {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

/** Makes a connection on which the other side can be spoken to at once; rejects if there is none. */
export type Dial = (place: Place) => Promise<Socket>;

/** Whoever is called by a `Dial` of its own. */
interface Dialled {
  readonly dial?: Dial;
}

export function toPlace({ protocol, hostname, port }: URL): Place {
  const secure = protocol === "https:" || protocol === "wss:";
  return { secure, host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port) || (secure ? 443 : 80) };
}

/** Straight to the place; over `through`, which leads there already, if it is given. */
export function dialStraight({ secure, host, port }: Place, through?: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = secure
      ? connectSecure({ ...(through === undefined ? { host, port } : { socket: through }), servername: host })
      : (through ?? connectPlain({ host, port }));
    if (socket === through) return resolve(socket);
    socket.once("error", reject);
    socket.once(secure ? "secureConnect" : "connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** What `node:http` is to call a subject with. */
export function createAgent({ dial }: Dialled, secure: boolean, options: AgentOptions = {}): HttpAgent {
  if (dial === undefined) return secure ? new HttpsAgent(options) : new HttpAgent(options);
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  agent.createConnection = ({ host, port }, connected) => {
    const place = { secure, host: host ?? "localhost", port: Number(port) };
    dial(place).then(
      (socket) => connected?.(null, socket),
      // Node's types know nothing of a connection that was not made.
      (error: Error) => (connected as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  };
  return agent;
}

/** What an SDK is to call a subject with: each call on a connection of its own, where somebody dials for it. */
export function createFetch({ dial }: Dialled): typeof fetch {
  if (dial === undefined) return fetch;
  const call = async (input: RequestInfo, init: RequestInit = {}) => {
    const dispatcher = new FetchAgent({
      allowH2: false,
      connect: ({ protocol, hostname, port }, connected) => {
        const secure = protocol === "https:";
        dial({ secure, host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port) || (secure ? 443 : 80) }).then(
          (socket) => connected(null, socket),
          (error: Error) => connected(error, null),
        );
      },
    });
    try {
      return await fetchThrough(input, { ...init, dispatcher });
    } finally {
      // Ends when the answer does.
      void dispatcher.close();
    }
  };
  // The package and Node have the same `fetch`, and their types differ in names only.
  return call as unknown as typeof fetch;
}
