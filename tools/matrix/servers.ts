import { join } from "node:path";

/** What stands behind a server that has no model of its own. */
export type Behind = "clawgate" | "aimock";

export interface Server {
  /** Of its report: `<slug>.json`, and `clawgate-<slug>.json` with the gateway in front of it. */
  readonly slug: string;
  /** As the reports call it. */
  readonly name: string;
  /** What package.json calls it, where that is another name: an older version has one of its own. */
  readonly package?: string;
  readonly model: string;
  readonly behind?: Behind;
  /** Its command line for a shell. */
  readonly start: (place: Place) => string;
  /** Behind its address; `/v1` unless said. */
  readonly base?: string;
  readonly headers?: (place: Place) => Readonly<Record<string, string>>;
  /** A call of it takes longer than the suite measures. */
  readonly timeout?: string;
}

export interface Place {
  readonly port: number;
  /** Where `node_modules` of package.json is. */
  readonly folder: string;
  /** An empty folder of its own. */
  readonly state: string;
  /** The base URL of what is behind it. */
  readonly upstream: string;
  /** OpenAI's OpenAPI document. */
  readonly document: string;
}

export const key = "sk-matrix-0123456789-0123456789";
const here = import.meta.dirname;

const toVendor = (prefix: string, upstream: string) => ({
  [`${prefix}-provider`]: "openai",
  [`${prefix}-custom-host`]: upstream,
});

export const servers: readonly Server[] = [
  {
    slug: "aimock",
    name: "@copilotkit/aimock",
    model: "gpt-4o",
    start: ({ port, folder }) => toAimock("@copilotkit/aimock", port, folder),
  },
  {
    slug: "aimock-older",
    name: "@copilotkit/aimock",
    package: "aimock-older",
    model: "gpt-4o",
    start: ({ port, folder }) => toAimock("aimock-older", port, folder),
  },
  {
    slug: "mock-llm",
    name: "@dwmkerr/mock-llm",
    model: "gpt-4",
    start: ({ port, folder }) => `PORT=${port} exec node ${join(folder, "node_modules/.bin/mock-llm")}`,
  },
  {
    slug: "llmops-gateway",
    name: "@llmops/gateway",
    model: "openclaw",
    behind: "clawgate",
    start: ({ port, folder }) => `exec node ${join(here, "llmops.mjs")} ${folder} ${port}`,
    headers: ({ upstream }) => ({ ...toVendor("x-llmops", upstream), ...toVendor("x-portkey", upstream) }),
  },
  {
    slug: "musistudio-llms",
    name: "@musistudio/llms",
    model: "up,openclaw",
    behind: "clawgate",
    start: ({ port, folder, upstream }) => `exec node ${join(here, "llms.mjs")} ${folder} ${port} ${upstream} ${key}`,
  },
  {
    slug: "portkey",
    name: "@portkey-ai/gateway",
    model: "openclaw",
    behind: "clawgate",
    start: ({ port, folder }) =>
      `exec node ${join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js")} --port=${port}`,
    headers: ({ upstream }) => toVendor("x-portkey", upstream),
  },
  {
    slug: "prism",
    name: "@stoplight/prism-cli",
    model: "gpt-4o",
    base: "",
    start: ({ port, folder, document }) =>
      `exec node ${join(folder, "node_modules/.bin/prism")} mock -p ${port} ${document}`,
    timeout: "20s",
  },
  {
    slug: "claude-max-api-proxy",
    name: "claude-max-api-proxy",
    model: "claude-sonnet-4",
    // It calls the program `claude`, which is ours.
    start: ({ port, folder }) =>
      `PATH=${join(here, "bin")}:$PATH exec node ${join(folder, "node_modules/claude-max-api-proxy/dist/server/standalone.js")} ${port}`,
  },
  {
    slug: "openclaw",
    name: "openclaw",
    model: "openclaw",
    behind: "aimock",
    timeout: "60s",
    start: ({ port, folder, state, upstream }) =>
      [
        `node ${join(here, "openclaw.mjs")} ${state} ${upstream} ${key}`,
        `export HOME=${state} OPENCLAW_STATE_DIR=${state}/state OPENCLAW_CONFIG_PATH=${state}/openclaw.json OPENCLAW_SKIP_CHANNELS=1`,
        `exec node ${join(folder, "node_modules/openclaw/openclaw.mjs")} gateway run --port ${port} --allow-unconfigured`,
      ].join(" && "),
  },
];

export function toAimock(name: string, port: number, folder: string): string {
  const program = join(folder, "node_modules", name, "dist/cli.js");
  return `exec node ${program} -p ${port} -f ${join(here, "aimock")} --log-level silent`;
}
