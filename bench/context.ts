import { join } from "node:path";
import { writeFileSync } from "node:fs";
import type { Figure } from "./figures.ts";
import { type Client, token } from "./load.ts";
import { startSubject, type Subject } from "./subject.ts";

/** What is measured: this checkout, and the others that shall stand beside it. */
export interface Candidate {
  readonly name: string;
  readonly folder: string;
}

export interface Context {
  readonly quick: boolean;
  readonly candidates: readonly Candidate[];
  readonly client: Client;
  /** Fresh for the run, removed after it. */
  readonly folder: string;
}

export type Row = (context: Context) => Promise<Figure[]>;

const servers = join(import.meta.dirname, "servers");

export const startServer = (name: string, ...args: string[]): Promise<Subject> =>
  startSubject(name, [join(servers, `${name}.ts`), ...args]);

/**
 * One agent for each thing that the upstream can do. Without an upstream a model that plays one scenario: what is measured is
 * the gateway, and not how a model comes to its answer.
 */
export function startGateway(
  { folder }: Context,
  { name, folder: home }: Candidate,
  options: {
    readonly upstream?: Subject;
    readonly models?: readonly string[];
    readonly flags?: readonly string[];
    /** Where its sessions are, if not in a file. */
    readonly store?: object;
    /** How many runs it makes at once, if it shall not be as many as it does by itself. */
    readonly runsMax?: number;
    /** When it counts as late, in milliseconds; 0 is never, and then it refuses nobody for that. */
    readonly loopDelayMs?: number;
    /** What the model that plays the scenario does, as steps of its reply. */
    readonly reply?: readonly string[];
  } = {},
): Promise<Subject> {
  const { upstream, models = [], flags = [], store = {}, runsMax, loopDelayMs, reply = ["text: OK"] } = options;
  const place = name.replaceAll(/\W/g, "-");
  const config = join(folder, `${place}.json`);
  const list = models.map((model, index) => ({ id: model, model: `bench/${model}`, default: index === 0 }));
  const agents = upstream === undefined ? { defaults: { model: "embedded/scenario" } } : { list };
  const script = join(folder, "script.yaml");
  writeFileSync(script, toScript(reply));
  const providers =
    upstream === undefined
      ? { embedded: { api: "embedded", scenarios: [script] } }
      : { bench: { api: "openai-completions", baseUrl: `${upstream.url}/v1` } };
  writeFileSync(
    config,
    JSON.stringify({
      gateway: {
        port: 0,
        http: { endpoints: { chatCompletions: { enabled: true } } },
        ...(runsMax !== undefined && { runs: { max: runsMax } }),
        ...(loopDelayMs !== undefined && { limits: { loopDelayMs } }),
      },
      agents,
      models: { providers },
      sessions: { store },
    }),
  );
  return startSubject(name, [...flags, join(home, "bin/clawgate.mjs"), "gateway", "--config", config], {
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_STATE_DIR: join(folder, place),
  });
}

function toScript(reply: readonly string[]): string {
  return `scenarios:\n  - name: bench\n    match: {}\n    reply:\n${reply.map((step) => `      - ${step}\n`).join("")}`;
}

export async function stopAll(subjects: readonly Subject[]): Promise<void> {
  await Promise.all(subjects.map((subject) => subject.stop()));
}
