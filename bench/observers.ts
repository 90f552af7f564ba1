import { once } from "node:events";
import { get, request, type IncomingMessage } from "node:http";
import { type Candidate, type Context, startGateway, stopAll } from "./context.ts";
import { type Figure, median, percentile } from "./figures.ts";
import { token } from "./load.ts";
import type { Subject } from "./subject.ts";

const observers = 200;

/** What those get of a run who read it at another gateway on the same database than the one that has it. */
export async function benchObservers(context: Context, candidate: Candidate, url: string): Promise<Figure[]> {
  const store = { postgres: { url, schema: "observed" } };
  const start = (name: string): Promise<Subject> =>
    startGateway(context, { ...candidate, name }, { store, reply: ["words: { count: 200, delayMs: 20 }"] });
  const gateways = [await start("talking"), await start("telling")] as const;
  try {
    const found: Observed[] = [];
    for (let round = 0; round < (context.quick ? 1 : 5); round++) found.push(await observe(...gateways));
    const shared = { row: "scale", subject: "two gateways", compared: false } as const;
    const speed = median(found.map(({ perSecond }) => perSecond));
    const latest = median(found.map(({ addedMs }) => percentile(addedMs, 0.99)));
    return [
      {
        ...shared,
        what: `events to ${observers} observers at the other`,
        unit: "/s",
        value: speed,
        better: "higher",
        aim: "all that are said: 10,000",
      },
      { ...shared, what: "by how much they come later there, p99", unit: "ms", value: latest, better: "lower" },
    ];
  } finally {
    await stopAll(gateways);
  }
}

interface Observed {
  /** Events that observers of the other gateway had in a second, all together. */
  readonly perSecond: number;
  /** By how much each event came later there than at the gateway that has the run, in milliseconds. */
  readonly addedMs: readonly number[];
}

const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "x-openclaw-detach": "true" };

/** One detached run, read by one observer where it is made and by so many at another gateway, all of it. */
async function observe(own: Subject, other: Subject): Promise<Observed> {
  const id = await startRun(own);
  const started = performance.now();
  const [near, ...far] = await Promise.all([
    follow(own, id),
    ...Array.from({ length: observers }, () => follow(other, id)),
  ]);
  const seconds = (performance.now() - started) / 1000;
  const addedMs = far.flatMap((times) => [...times].map(([seq, at]) => at - (near.get(seq) ?? Number.NaN)));
  if (far.some(({ size }) => size !== near.size)) throw new Error("an observer has missed events");
  return { perSecond: addedMs.length / seconds, addedMs };
}

async function startRun({ url }: Subject): Promise<string> {
  const call = request(`${url}/v1/chat/completions`, { method: "POST", headers });
  call.end(JSON.stringify({ model: "openclaw", stream: true, messages: [{ role: "user", content: "Go on." }] }));
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const id = response.headers["x-openclaw-run-id"];
  response.destroy();
  if (typeof id !== "string") throw new Error(`no run was begun: ${response.statusCode}`);
  return id;
}

/** When each event came, by its number. */
async function follow({ url }: Subject, id: string): Promise<Map<number, number>> {
  const [response] = (await once(get(`${url}/v1/runs/${id}/events`, { headers, agent: false }), "response")) as [
    IncomingMessage,
  ];
  const times = new Map<number, number>();
  let rest = "";
  for await (const piece of response.setEncoding("utf8")) {
    const lines = (rest + String(piece)).split("\n");
    rest = lines.pop() ?? "";
    const now = performance.now();
    for (const line of lines) if (line.startsWith("id:")) times.set(Number(line.slice(3)), now);
  }
  return times;
}
