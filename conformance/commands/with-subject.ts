import { resolve } from "node:path";
import { readText, secretBytesMax } from "../file.ts";
import type { Host } from "../host.ts";
import { callMs } from "../lens/wire.ts";
import { Unreachable } from "../reach/probe.ts";
import { findPort, startProgram } from "../reach/start.ts";
import type { Profile, Subject } from "../reach/subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { exitStatus } from "../verdict.ts";
import { toLine } from "../tell/progress.ts";
import { type ReachFlags, toReach } from "./reach.ts";

/** The flags that say which server is meant. */
export interface SubjectFlags extends ReachFlags {
  readonly baseUrl?: string;
  readonly start?: string;
  readonly model?: string;
  readonly apiKeyFile?: string;
  readonly profile?: Profile;
  readonly waitFor?: number;
  /** How long a call may take, in milliseconds; without it the pace of the server decides. */
  readonly timeout?: number;
}

/** How long a server that the suite has started may take. */
const startMs = 60_000;

/** The server under test, and how long to wait for its first answer. */
export interface Target {
  readonly subject: Subject;
  readonly waitMs: number;
  /** Rejects if the server has ended; waits for ever otherwise. */
  readonly ended: Promise<never>;
}

type Use = (target: Target) => Promise<void>;

/** The server that the flags name or start, or else the host's own, for as long as `use` runs. */
export async function withSubject(flags: SubjectFlags, host: Host, terminal: Terminal, use: Use): Promise<void> {
  await withReachable(terminal, () => {
    if (flags.start !== undefined) return withStarted(flags.start, flags, terminal, use);
    if (flags.baseUrl !== undefined) return use(toTarget(flags.baseUrl, flags, terminal));
    if (host.start !== undefined) return withHost(host.start, flags, terminal, use);
    throw new UsageError('Which server? Say --base-url <url>, or --start "<command>" for one to be started.');
  });
}

/** A server that never answers ends the command with 3. */
export async function withReachable(terminal: Terminal, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    terminal.note(toLine(error.message));
    terminal.fail(exitStatus.gone);
  }
}

async function withStarted(command: string, flags: SubjectFlags, terminal: Terminal, use: Use): Promise<void> {
  const port = String(await findPort());
  const fill = (text: string): string => text.replaceAll("{port}", port);
  const url = flags.baseUrl === undefined ? undefined : toBaseUrl(fill(flags.baseUrl));
  const program = { command: fill(command), environment: { ...terminal.environment } };
  const started = await startProgram({ ...program, ...(url === undefined ? {} : { url }) }).catch((cause: unknown) => {
    throw new Unreachable((cause as Error).message, { cause });
  });
  try {
    const target = toTarget(flags.baseUrl === undefined ? toApiUrl(started.url) : fill(flags.baseUrl), flags, terminal);
    await use({ ...target, waitMs: flags.waitFor ?? startMs, ended: started.ended });
  } finally {
    await started.stop();
  }
}

async function withHost(
  start: NonNullable<Host["start"]>,
  flags: SubjectFlags,
  terminal: Terminal,
  use: Use,
): Promise<void> {
  const { stop, ...own } = await start();
  try {
    const chosen = { profile: flags.profile ?? own.profile, model: flags.model ?? own.model };
    const subject = { ...own, ...chosen, ...toReach(new URL(own.baseUrl), flags, terminal), ...toPatience(flags) };
    await use({ subject, waitMs: flags.waitFor ?? 0, ended: new Promise(() => undefined) });
  } finally {
    await stop();
  }
}

function toTarget(baseUrl: string, flags: SubjectFlags, terminal: Terminal): Target {
  const url = toBaseUrl(baseUrl);
  // Who is called at the address of a WebSocket has no other door.
  const profile = flags.profile ?? (url.startsWith("ws") ? "websocket" : "chat");
  if (profile !== "websocket" && url.startsWith("ws"))
    throw new UsageError(`The profile ${profile} speaks HTTP: its --base-url begins with http.`);
  const subject: Subject = {
    baseUrl: url,
    apiKey: loadKey(flags, profile, terminal),
    model: toModel(flags, profile),
    profile,
    ...toReach(new URL(baseUrl), flags, terminal),
    ...toPatience(flags),
  };
  return { subject, waitMs: flags.waitFor ?? 0, ended: new Promise(() => undefined) };
}

function toPatience({ timeout }: SubjectFlags): Pick<Subject, "patience"> {
  return timeout === undefined ? {} : { patience: timeout / callMs };
}

function toModel({ model }: SubjectFlags, profile: Profile): string {
  // A gateway's socket asks for agents.
  if (profile === "websocket") return model ?? "";
  if (model === undefined) throw new UsageError("Which model? Say --model <name>, as a client of the server would.");
  return model;
}

/** Servers print where they are, and hardly ever where their API begins. */
function toApiUrl(printed: string): string {
  return new URL(printed).pathname === "/" ? `${new URL(printed).origin}/v1` : printed;
}

function loadKey(flags: SubjectFlags, profile: Profile, terminal: Terminal): string {
  const { key, from } = findKey(flags, profile, terminal);
  // RFC 9110 section 5.5, less what is no ASCII: no key has it, and clients do not agree how it is sent.
  const at = key.search(/[^\x20-\x7e]/);
  if (at >= 0)
    throw new UsageError(
      `${from} has a character, number ${at + 1}, that no header carries: it must be the key itself.`,
    );
  return key;
}

function findKey(
  { apiKeyFile }: SubjectFlags,
  profile: Profile,
  { environment, cwd }: Terminal,
): { readonly key: string; readonly from: string } {
  if (apiKeyFile === undefined) {
    const names = [...(profile === "websocket" ? ["OPENCLAW_GATEWAY_TOKEN"] : []), "OPENAI_API_KEY"];
    const from = names.find((name) => environment[name] !== undefined) ?? "OPENAI_API_KEY";
    return { key: environment[from] ?? "", from };
  }
  try {
    return { key: readText(resolve(cwd, apiKeyFile), secretBytesMax).trim(), from: `The key file ${apiKeyFile}` };
  } catch (error) {
    throw new UsageError(`Cannot read the key file ${apiKeyFile}: ${(error as Error).message}`, { cause: error });
  }
}

function toBaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^(?:http|ws)s?:$/.test(url.protocol))
    throw new UsageError(`--base-url must be an http, https, ws or wss URL, not '${text}'.`);
  // What is behind the question mark goes behind every path.
  return `${url.origin === "null" ? `${url.protocol}//${url.host}` : url.origin}${url.pathname.replace(/\/$/, "")}`;
}
