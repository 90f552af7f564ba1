import { type Context, startGateway, startServer, stopAll } from "../context.ts";
import { toCall } from "../load.ts";
import type { Subject } from "../subject.ts";

const tokenMs = 50;
/** Of each stream. */
export const tokens = 160;
const paced = `paced-${tokens}-${tokenMs}`;
const short = "paced-1-0";

/** A byte pipe and the gateways, all before one model server. */
export interface StreamServers {
  readonly pipe: Subject;
  readonly gateways: readonly Subject[];
  /** The pipe, then the gateways. */
  readonly all: readonly Subject[];
  /** A call for one stream of `tokens` tokens, 20 a second. */
  readonly toStream: (subject: Subject) => string;
  /** A call for a stream of one token, which comes at once. */
  readonly toProbe: (subject: Subject) => string;
  readonly stop: () => Promise<void>;
}

export async function startStreamServers(context: Context): Promise<StreamServers> {
  const upstream = await startServer("upstream");
  const pipe = await startServer("pipe", upstream.url);
  // Streams that come at once to a process that has just begun are a crowd, of which it would refuse some.
  const options = { upstream, models: [paced, short], loopDelayMs: 0 };
  const gateways = await Promise.all(context.candidates.map((candidate) => startGateway(context, candidate, options)));
  const toModelCall = (subject: Subject, model: string): string => {
    const name = subject === pipe ? model : `openclaw/${model}`;
    return toCall(JSON.stringify({ model: name, stream: true, messages: [{ role: "user", content: "Go on." }] }));
  };
  return {
    pipe,
    gateways,
    all: [pipe, ...gateways],
    toStream: (subject) => toModelCall(subject, paced),
    toProbe: (subject) => toModelCall(subject, short),
    stop: () => stopAll([...gateways, pipe, upstream]),
  };
}
