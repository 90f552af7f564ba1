import { toBlame } from "./blame.ts";
import { capabilities, type Capability } from "./capability.ts";
import { type Death, toProbeDeath } from "./death.ts";
import { Failure, isObject } from "./expect.ts";
import type { Exchange } from "./lens/exchange.ts";
import { send, type WireAnswer, type WireRequest } from "./lens/wire.ts";
import { runPool } from "./pool.ts";
import { isSocketAnswering, socketProbes } from "./probe-socket.ts";
import type { Capabilities, CapabilityFinding, Subject } from "./subject.ts";
import { randomUUID } from "./unique.ts";

/** The subject answers nothing at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

const tool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const schema = {
  type: "json_schema",
  json_schema: {
    name: "probe",
    strict: true,
    schema: {
      type: "object",
      properties: { word: { type: "string" } },
      required: ["word"],
      additionalProperties: false,
    },
  },
};

/** More than any list of models. */
const bodyBytesMax = 1024 * 1024;

/** Asked at once; no more than cases are, lest a server that answers one by one keeps the last waiting for all. */
const probesMax = 4;

type Ask = (request: WireRequest) => Promise<WireAnswer>;
type Probe = (ask: Ask, subject: Subject) => Promise<CapabilityFinding>;

/** A server that is started anew by its supervisor is there again within this time. */
const revivalTries = 4;
const revivalMs = 400;

/** Whether the subject has anything to say to the simplest question. */
export async function isAnswering(subject: Subject, limitMs = 5000): Promise<boolean> {
  if (subject.profile === "websocket") return isSocketAnswering(subject);
  const request = { path: "/models", method: "GET", limitMs, bodyBytesMax };
  // A short --timeout is for what is judged; this asks whether anything is left to be judged.
  const patient = { ...subject, patience: Math.max(1, subject.patience ?? 1) };
  for (let tries = revivalTries; ; tries--) {
    const started = performance.now();
    const heard = await send(patient, request, () => undefined).then(
      ({ end, text }) => end === "complete" || text !== "",
      () => false,
    );
    // Who keeps silent is not asked again; who refuses may be on the way back.
    if (heard || tries <= 1 || performance.now() - started >= (limitMs * patient.patience) / 2) return heard;
    await new Promise((next) => {
      setTimeout(next, revivalMs);
    });
  }
}

/** What the probes found; with a death, one of them was the last thing that the subject heard. */
export interface Probed {
  readonly capabilities: Capabilities;
  readonly died?: Death;
  /** The longest that an answer to a chat took. */
  readonly slowestMs: number;
}

/**
 * Finds out what a subject can do, with about a dozen requests; the findings are printed before the first case. Rejects
 * with `Unreachable` if nothing answers.
 */
export async function probe(subject: Subject): Promise<Probed> {
  if (subject.profile === "websocket") return { capabilities: await probeSocket(subject), slowestMs: 0 };
  const exchanges: Exchange[] = [];
  let slowestMs = 0;
  const ask: Ask = (request) =>
    send(subject, { bodyBytesMax, ...request }, (exchange) => {
      exchanges.push(exchange);
      if (exchange.method === "POST" && exchange.status === 200) slowestMs = Math.max(slowestMs, exchange.endMs);
    });
  try {
    await ask({ path: "/models", method: "GET" });
  } catch (cause) {
    if (toBlame(cause) === "suite") throw cause;
    const { message } = cause as Error;
    const hint = message.startsWith("no answer within") ? "; --timeout gives it more" : "";
    throw new Unreachable(`nothing answers at ${subject.baseUrl}: ${message}${hint}`, { cause });
  }
  const findings = new Map<Capability, CapabilityFinding>();
  const names = Object.keys(probes) as Capability[];
  // One by one those that have killed servers, so that it is known which did.
  const stages = [names.filter((name) => !hostile.has(name)), ...[...hostile].map((name) => [name])];
  for (const stage of stages) {
    exchanges.length = 0;
    await runPool(stage, probesMax, async (name) => void findings.set(name, await examine(probes[name], ask, subject)));
    if (!exchanges.some(({ end }) => end === "none") || (await isAnswering(subject))) continue;
    for (const name of names)
      if (!findings.has(name)) findings.set(name, untried("not probed, for the server was gone"));
    return { capabilities: toOrdered(findings, names), died: toProbeDeath(stage, exchanges), slowestMs };
  }
  return { capabilities: toOrdered(findings, names), slowestMs };
}

/** Probes that announce or send what a careless server falls over. */
const hostile: ReadonlySet<Capability> = new Set<Capability>(["limits"]);

async function examine(run: Probe, ask: Ask, subject: Subject): Promise<CapabilityFinding> {
  try {
    return await run(ask, subject);
  } catch (error) {
    if (!(error instanceof Failure) && toBlame(error) === "suite") throw error;
    return absent((error as Error).message);
  }
}

function toOrdered(findings: ReadonlyMap<Capability, CapabilityFinding>, names: readonly Capability[]): Capabilities {
  return new Map(names.flatMap((name) => (findings.has(name) ? [[name, findings.get(name)!]] : [])));
}

/** The same where there is nothing but a WebSocket. */
async function probeSocket(subject: Subject): Promise<Capabilities> {
  if (!(await isSocketAnswering(subject)))
    throw new Unreachable(`nothing answers a WebSocket handshake at ${subject.baseUrl}`);
  const findings = Object.keys(capabilities).map(async (name): Promise<[Capability, CapabilityFinding]> => {
    const known = name as Capability;
    const finding = socketProbes[known]?.(subject) ?? Promise.resolve(untried("profile websocket"));
    return [known, await finding.catch((error: unknown) => absent((error as Error).message))];
  });
  return new Map(await Promise.all(findings));
}

const probes: Record<Capability, Probe> = {
  async auth(ask, subject) {
    if (subject.apiKey === "") return untried("no key was given");
    const { status } = await ask(toChat(subject, "hi", {}, { authorization: undefined }));
    return status === 401 ? present("without a key: 401") : absent(`without a key: ${status}`);
  },
  async models(ask) {
    const { status, json } = await ask({ path: "/models", method: "GET" });
    return status === 200 && isObject(json) ? present("GET /models: 200") : absent(`GET /models: ${status}`);
  },
  async tools(ask, subject) {
    const fields = { tools: [tool], tool_choice: { type: "function", function: { name: "get_weather" } } };
    const answer = await ask(toChat(subject, "What is the weather in Oslo?", fields));
    const calls = toMessage(answer)?.["tool_calls"];
    return Array.isArray(calls) && calls.length > 0
      ? present("a forced call is made")
      : absent(`a forced call: ${describe(answer)}`);
  },
  async custom(ask, subject) {
    const fields = {
      tools: [{ type: "custom", custom: { name: "note" } }],
      tool_choice: { type: "custom", custom: { name: "note" } },
    };
    const answer = await ask(toChat(subject, "Use the tool.", fields));
    const calls = toMessage(answer)?.["tool_calls"];
    return Array.isArray(calls) && calls.length > 0
      ? present("a forced custom call is made")
      : absent(`a custom tool: ${describe(answer)}`);
  },
  async schema(ask, subject) {
    const answer = await ask(toChat(subject, "Say one word as JSON.", { response_format: schema }));
    return isWord(toMessage(answer)?.["content"])
      ? present("the answer follows the schema")
      : absent(`json_schema: ${describe(answer)}`);
  },
  async vision(ask, subject) {
    const messages = [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: pixel } },
        ],
      },
    ];
    const answer = await ask({ path: "/chat/completions", body: { model: subject.model, messages } });
    return answer.status === 200 ? present("an image is accepted") : absent(`an image: ${describe(answer)}`);
  },
  async logprobs(ask, subject) {
    const answer = await ask(toChat(subject, "hi", { logprobs: true }));
    const choice = toChoice(answer);
    return isObject(choice?.["logprobs"]) ? present("they are given") : absent(`logprobs: ${describe(answer)}`);
  },
  async n(ask, subject) {
    const answer = await ask(toChat(subject, "hi", { n: 2 }));
    const { choices } = isObject(answer.json) ? answer.json : {};
    return Array.isArray(choices) && choices.length === 2
      ? present("n: 2 gives two choices")
      : absent(`n: 2: ${describe(answer)}`);
  },
  async usage(ask, subject) {
    const answer = await ask(toChat(subject, "hi"));
    const { usage } = isObject(answer.json) ? answer.json : {};
    return isObject(usage) ? present("answers have `usage`") : absent(`no \`usage\`: ${describe(answer)}`);
  },
  async cors(ask) {
    const headers = {
      authorization: undefined,
      origin: "https://app.example",
      "access-control-request-method": "POST",
    };
    const { status, headers: answered } = await ask({ path: "/chat/completions", method: "OPTIONS", headers });
    return status < 300 && answered["access-control-allow-origin"] !== undefined
      ? present(`preflight: ${status}`)
      : absent(`preflight: ${status}`);
  },
  async limits(ask) {
    // Announced only: whoever has a limit says so before a byte of it is sent.
    const headers = {
      "content-type": "application/json",
      "content-length": String(1024 ** 3),
      expect: "100-continue",
    };
    const { status } = await ask({ path: "/chat/completions", method: "POST", headers, limitMs: 2000 }).catch(() => ({
      status: 0,
    }));
    return status === 413
      ? present("1 GiB announced: 413")
      : absent(`1 GiB announced: ${status === 0 ? "no answer" : status}`);
  },
  async fixture(ask, subject) {
    const answer = await ask(toChat(subject, '@@echo "fixture \\u2713"'));
    return toMessage(answer)?.["content"] === "fixture \u2713"
      ? present("`@@echo` is obeyed")
      : absent("`@@echo` is not obeyed");
  },
  async agents(ask, subject) {
    if (subject.profile !== "gateway") return untried("profile chat");
    const answer = await ask({
      ...toChat(subject, "@@agent"),
      body: { model: "openclaw:beta", messages: [{ role: "user", content: "@@agent" }] },
    });
    return toMessage(answer)?.["content"] === "beta"
      ? present("`openclaw:beta` reaches beta")
      : absent(`openclaw:beta: ${describe(answer)}`);
  },
  async memory(ask, subject) {
    if (subject.profile !== "gateway") return untried("profile chat");
    const user = `probe-${randomUUID()}`;
    await ask(toChat(subject, "@@echo noted", { user }));
    const answer = await ask(toChat(subject, "@@messages", { user }));
    return String(toMessage(answer)?.["content"]).includes("noted")
      ? present("the second call sees the first")
      : absent(describe(answer));
  },
  websocket: (_ask, subject) =>
    subject.profile === "gateway" && socketProbes.websocket !== undefined
      ? socketProbes.websocket(subject)
      : Promise.resolve(untried(`profile ${subject.profile}`)),
  own: (_ask, subject) =>
    Promise.resolve(subject.start === undefined ? absent("started by somebody else") : present("started by the suite")),
};

function present(why: string): CapabilityFinding {
  return { present: true, why };
}

function absent(why: string): CapabilityFinding {
  return { present: false, why };
}

function untried(why: string): CapabilityFinding {
  return { present: false, why, untried: true };
}

function toChat(
  { model }: Subject,
  text: string,
  fields: object = {},
  headers: Record<string, string | undefined> = {},
): WireRequest {
  return {
    path: "/chat/completions",
    body: { model, messages: [{ role: "user", content: text }], ...fields },
    headers,
  };
}

function toChoice({ json }: WireAnswer): Record<string, unknown> | undefined {
  const choices = isObject(json) ? json["choices"] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isObject(first) ? first : undefined;
}

function toMessage(answer: WireAnswer): Record<string, unknown> | undefined {
  const message = toChoice(answer)?.["message"];
  return isObject(message) ? message : undefined;
}

function isWord(content: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(content));
    return isObject(value) && typeof value["word"] === "string";
  } catch {
    return false;
  }
}

function describe({ status, text }: WireAnswer): string {
  return `${status} ${text.slice(0, 80)}`;
}
