import type { Case } from "../case.ts";
import { startChangedServer } from "../self-test/proxy.ts";
import type { Change, Mutant } from "../self-test/mutant.ts";
import type { Subject } from "../reach/subject.ts";
import { type Client, isAbout, see, type Use, useMsMax } from "./use.ts";

/** A client that breaks on a fault, and what its user sees instead of what there would be. */
export interface Proof {
  /** The case that the proof is of. */
  readonly id: string;
  /** `openai@7.57.0`. */
  readonly client: string;
  readonly use: string;
  /** A mutant that the case finds. */
  readonly fault: string;
  /** What the user sees where all is well, and with the fault. */
  readonly well: string;
  readonly broken: string;
}

const shownMax = 160;

/** What the faults are compared with goes the same way to the same server, so that nothing but the fault is different. */
const unchanged: Change = { id: "unchanged", what: "Nothing is changed." };

/** What a use shows on the server as it is. Undefined if that is not the same each time: then nothing follows from it. */
async function seeWell(use: Use, golden: Subject): Promise<string | undefined> {
  const [first, second] = [await seeOn(unchanged, use, golden), await seeOn(unchanged, use, golden)];
  return first === second ? first : undefined;
}

/** What the use shows on the server with the fault. */
async function seeOn(fault: Change, use: Use, golden: Subject): Promise<string> {
  const server = await startChangedServer(golden.baseUrl, fault);
  try {
    return await see(use, { ...golden, baseUrl: `${server.url}/v1` });
  } finally {
    await server.stop();
  }
}

export interface Search {
  readonly clients: readonly Client[];
  readonly faults: readonly Mutant[];
  readonly golden: Subject;
  readonly wells: Map<string, Promise<string | undefined>>;
}

/** The first client that breaks on one of the faults. Faults that few cases find say most about this one. */
export async function findProof(
  { id, door }: Pick<Case, "id" | "door">,
  { clients, faults, golden, wells }: Search,
): Promise<Proof | undefined> {
  const named = faults.filter(({ killedBy }) => killedBy.includes(id));
  const ordered = named.toSorted((a, b) => a.killedBy.length - b.killedBy.length);
  for (const client of clients.filter((one) => one.door === door)) {
    for (const fault of ordered) {
      for (const use of client.uses.filter((one) => isAbout(one, id))) {
        const key = `${client.name} ${use.name}`;
        if (!wells.has(key)) wells.set(key, seeWell(use, golden));
        const well = await wells.get(key);
        if (well === undefined) continue;
        const broken = await seeOn(fault, use, golden);
        // Chance and a busy machine break nothing the same way twice, and leave nothing well beside it.
        if (broken === well || broken !== (await seeOn(fault, use, golden))) continue;
        const started = performance.now();
        if ((await seeOn(unchanged, use, golden)) !== well) continue;
        // Nor is anything silent that would merely have come later.
        if (performance.now() - started > useMsMax / 3) continue;
        return { id, client: client.name, use: use.name, fault: fault.id, well: cut(well), broken: cut(broken) };
      }
    }
  }
  return undefined;
}

export interface Repeated {
  /** `breaks`: as the proof says. `whole`: the client does not mind. `missing`: it is not installed here. */
  readonly outcome: "breaks" | "whole" | "missing";
  readonly well: string;
  readonly broken: string;
}

/** Runs a proof again: the named client, here, on the server with and without the fault. */
export async function repeatProof(proof: Proof, { clients, faults, golden }: Omit<Search, "wells">): Promise<Repeated> {
  const client = clients.find(({ name }) => name === proof.client);
  const use = client?.uses.find(({ name }) => name === proof.use);
  const fault = faults.find(({ id }) => id === proof.fault);
  if (use === undefined || fault === undefined) return { outcome: "missing", well: proof.well, broken: proof.broken };
  const well = await seeOn(unchanged, use, golden);
  const broken = await seeOn(fault, use, golden);
  return { outcome: well === broken ? "whole" : "breaks", well: cut(well), broken: cut(broken) };
}

function cut(text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
