/** Where a client runs: a home and a project of its own, and the gateway that it shall talk to. */
export interface Place {
  readonly home: string;
  readonly project: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
}

export interface Setup {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Written before it starts, by their paths. */
  readonly files?: Readonly<Record<string, string | object>>;
  /** Run before it, with the same program. */
  readonly before?: readonly string[];
}

export interface Tool {
  readonly name: string;
  readonly args: object;
}

/** An agent on the command line that somebody else has made, as npm has it; nothing of it is changed. */
export interface CommandLine {
  /** `name@version`. */
  readonly package: string;
  /** The file to start, within `node_modules`; a script of Node's where it ends so. */
  readonly program: string;
  /** The words with which it answers one prompt, does all that its model asks for, and ends. */
  readonly toSetup: (prompt: string, place: Place) => Setup;
  /** How its own tools write a file and run a command. */
  readonly write: (path: string, text: string) => Tool;
  readonly shell: (command: string) => Tool;
  /** How the instructions of the calls begin that it makes besides those of the turn: for a title, for its memory. */
  readonly aside?: RegExp;
  /** The preset that finds its chat id, if it sends one. */
  readonly preset?: "opencode" | "kilo";
  /** What of its requests no model gets to see, as `x-clawgate-ignored` names it. */
  readonly ignored?: readonly string[];
}

const openCode = ({ baseUrl, apiKey, model }: Place): object => ({
  model: `clawgate/${model}`,
  provider: {
    clawgate: {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: baseUrl, apiKey },
      models: { [model]: { name: model } },
    },
  },
});

export const commandLines = {
  opencode: {
    package: "opencode-linux-x64@1.18.33",
    program: "opencode-linux-x64/bin/opencode",
    toSetup: (prompt, place) => ({
      args: ["run", prompt],
      files: { [`${place.project}/opencode.json`]: openCode(place) },
      environment: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1" },
    }),
    write: (filePath, content) => ({ name: "write", args: { filePath, content } }),
    shell: (command) => ({ name: "bash", args: { command, description: "Shows the note" } }),
    aside: /^You are a title generator/,
    preset: "opencode",
  },
  kilo: {
    package: "@kilocode/cli-linux-x64@7.7.9",
    program: "@kilocode/cli-linux-x64/bin/kilo",
    toSetup: (prompt, place) => ({
      args: ["run", "--auto", prompt],
      files: { [`${place.project}/kilo.json`]: openCode(place), [`${place.project}/opencode.json`]: openCode(place) },
      environment: { KILO_DISABLE_AUTOUPDATE: "1", KILO_DISABLE_MODELS_FETCH: "1" },
    }),
    write: (filePath, content) => ({ name: "write", args: { filePath, content } }),
    shell: (command) => ({ name: "bash", args: { command, description: "Shows the note" } }),
    aside: /^You are a title generator/,
    preset: "kilo",
  },
  qwen: {
    package: "@qwen-code/qwen-code@0.24.4",
    program: "@qwen-code/qwen-code/cli-entry.js",
    toSetup: (prompt, { baseUrl, apiKey, model }) => ({
      args: [
        "--yolo",
        "--openai-base-url",
        baseUrl,
        "--openai-api-key",
        apiKey,
        "--model",
        model,
        "--auth-type",
        "openai",
        prompt,
      ],
    }),
    write: (file_path, content) => ({ name: "write_file", args: { file_path, content } }),
    shell: (command) => ({ name: "run_shell_command", args: { command, is_background: false } }),
    aside: /^You are now acting as the managed memory extraction/,
  },
  pi: {
    package: "@mariozechner/pi-coding-agent@0.73.1",
    program: "@mariozechner/pi-coding-agent/dist/cli.js",
    toSetup: (prompt, { home, baseUrl, apiKey, model }) => ({
      args: ["--print", "--offline", "--provider", "clawgate", "--model", model, prompt],
      files: {
        [`${home}/.pi/agent/models.json`]: {
          providers: { clawgate: { baseUrl, api: "openai-completions", apiKey, models: [{ id: model }] } },
        },
      },
    }),
    write: (path, content) => ({ name: "write", args: { path, content } }),
    shell: (command) => ({ name: "bash", args: { command } }),
    ignored: ["store"],
  },
  continue: {
    package: "@continuedev/cli@1.5.47",
    program: "@continuedev/cli/dist/cn.js",
    toSetup: (prompt, { home, baseUrl, apiKey, model }) => ({
      args: ["--print", "--auto", "--config", `${home}/config.yaml`, prompt],
      files: {
        [`${home}/config.yaml`]: {
          name: "test",
          version: "1.0.0",
          schema: "v1",
          models: [{ name: model, provider: "openai", model, apiBase: baseUrl, apiKey, roles: ["chat"] }],
        },
      },
      environment: { CONTINUE_TELEMETRY_ENABLED: "0" },
    }),
    write: (filepath, content) => ({ name: "Write", args: { filepath, content } }),
    shell: (command) => ({ name: "Bash", args: { command } }),
  },
  copilot: {
    package: "@github/copilot-linux-x64@1.0.102",
    program: "@github/copilot-linux-x64/copilot",
    toSetup: (prompt, { baseUrl, apiKey, model }) => ({
      args: ["--prompt", prompt, "--allow-all-tools", "--allow-all-paths", "--disable-builtin-mcps"],
      environment: {
        COPILOT_PROVIDER_BASE_URL: baseUrl,
        COPILOT_PROVIDER_API_KEY: apiKey,
        COPILOT_MODEL: model,
        COPILOT_OFFLINE: "true",
        COPILOT_AUTO_UPDATE: "false",
      },
    }),
    write: (path, file_text) => ({ name: "create", args: { path, file_text } }),
    shell: (command) => ({ name: "bash", args: { command, description: "Shows the note" } }),
  },
  cline: {
    package: "@cline/cli-linux-x64@3.0.65",
    program: "@cline/cli-linux-x64/bin/cline",
    toSetup: (prompt, { baseUrl, apiKey, model }) => ({
      before: ["auth", "openai-compatible", "--apikey", apiKey, "--modelid", model, "--baseurl", baseUrl],
      args: ["--provider", "openai-compatible", "--model", model, prompt],
      environment: { CLINE_TELEMETRY_DISABLED: "1" },
    }),
    write: (path, new_text) => ({ name: "editor", args: { path, new_text } }),
    shell: (command) => ({ name: "run_commands", args: { commands: [command] } }),
  },
  nanocoder: {
    package: "@nanocollective/nanocoder@1.30.0",
    program: "@nanocollective/nanocoder/dist/cli.js",
    toSetup: (prompt, { project, baseUrl, apiKey, model }) => ({
      args: [
        "--mode",
        "yolo",
        "--trust-directory",
        "--plain",
        "--provider",
        "clawgate",
        "--model",
        model,
        "run",
        prompt,
      ],
      files: {
        [`${project}/agents.config.json`]: {
          nanocoder: { providers: [{ name: "clawgate", baseUrl, apiKey, models: [model] }] },
        },
      },
    }),
    write: (path, content) => ({ name: "write_file", args: { path, content } }),
    shell: (command) => ({ name: "execute_bash", args: { command } }),
  },
  grok: {
    package: "@vibe-kit/grok-cli@0.0.34",
    program: "@vibe-kit/grok-cli/dist/index.js",
    toSetup: (prompt, { baseUrl, apiKey, model }) => ({
      args: ["--api-key", apiKey, "--base-url", baseUrl, "--model", model, "--prompt", prompt],
    }),
    write: (path, content) => ({ name: "create_file", args: { path, content } }),
    shell: (command) => ({ name: "bash", args: { command } }),
    ignored: ["search_parameters"],
  },
  openclaw: {
    package: "openclaw@2026.9.6",
    program: "openclaw/openclaw.mjs",
    toSetup: (prompt, { home, baseUrl, apiKey, model }) => ({
      args: ["agent", "--local", "--agent", "main", "--message", prompt],
      files: {
        [`${home}/.openclaw/openclaw.json`]: {
          models: {
            mode: "replace",
            providers: {
              clawgate: {
                api: "openai-completions",
                baseUrl,
                apiKey,
                models: [{ id: model, name: model, contextWindow: 128_000, maxTokens: 4096, input: ["text"] }],
              },
            },
          },
          agents: { defaults: { model: { primary: `clawgate/${model}` }, workspace: `${home}/workspace` } },
        },
      },
    }),
    write: (path, content) => ({ name: "write", args: { path, content } }),
    shell: (command) => ({ name: "exec", args: { command } }),
  },
} as const satisfies Record<string, CommandLine>;

export type CommandLineName = keyof typeof commandLines;

/** Whether a request of a client's is none of the turn that it was asked for. */
export function isAside({ aside }: CommandLine, body: Readonly<Record<string, unknown>>): boolean {
  const [first] = body["messages"] as readonly { readonly content: unknown }[];
  return aside !== undefined && typeof first?.content === "string" && aside.test(first.content);
}
