import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { ConfigError } from "../base/config/config-error.ts";
import { toGeneratedFile } from "../base/contract.ts";
import type { Terminal } from "./terminal.ts";

export function createInitCommand(terminal: Terminal): Command {
  return new Command("init")
    .description("write a configuration to begin with, with comments; asks nothing and overwrites nothing")
    .option("--config <file>", "where to write it", "clawgate.json5")
    .addHelpText(
      "after",
      `
A gateway that is started in this folder finds it there. Its first answer needs neither a key nor a model.

Example:
  $ clawgate init && clawgate gateway`,
    )
    .action(({ config }: { config: string }) => {
      const path = resolve(terminal.cwd, config);
      write(path, toText(findSchema(terminal.cwd)));
      terminal.print(path);
      terminal.note(
        config === "clawgate.json5"
          ? "Next: `clawgate gateway` starts it, `clawgate doctor` says what would answer."
          : `Next: \`clawgate gateway --config ${config}\` starts it.`,
      );
    });
}

/** The whole text, or no file: half of it would be there already when it is tried again. */
function writeNew(path: string, text: string): void {
  const file = openSync(path, "wx");
  try {
    writeFileSync(file, text);
  } catch (cause) {
    rmSync(path, { force: true });
    throw cause;
  } finally {
    closeSync(file);
  }
}

function write(path: string, text: string): void {
  try {
    writeNew(path, text);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      code === "EEXIST"
        ? `${path} is there already, and stays as it is. \`clawgate init --config FILE\` writes another.`
        : `Cannot write ${path}: ${message.split(",")[0]}. Name another file: --config`,
      { cause },
    );
  }
}

/** Only where the package is part of the folder: of npx the next call may have another copy. */
function findSchema(folder: string): string | undefined {
  const path = relative(folder, fileURLToPath(toGeneratedFile("config.schema.json")))
    .split(sep)
    .join("/");
  return path.startsWith("..") || path.includes(":") ? undefined : `./${path}`;
}

function toText(schema: string | undefined): string {
  const line =
    schema === undefined
      ? `  // For an editor that completes: clawgate config --schema > clawgate.schema.json, and this line without the slashes
  // $schema: "./clawgate.schema.json",`
      : `  // Lets an editor complete and explain the keys.
  $schema: "${schema}",`;
  return `// The configuration of clawgate. \`clawgate config\` checks it, \`clawgate doctor\` says what would answer.
{
${line}

  gateway: {
    port: 18789,
    // This machine only. "lan" lets others in too.
    bind: "loopback",
    // Whoever calls sends a token. The first start makes it; \`clawgate token\` prints it.
    auth: { mode: "token" },
    http: {
      endpoints: {
        // POST /v1/chat/completions and GET /v1/models.
        chatCompletions: { enabled: true },
        // What was said, at /v1/sessions.
        // sessions: { enabled: true },
      },
    },
  },

  // Where models are. Without any, a key in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, …) or a model server of
  // this machine (Ollama, LM Studio, llama.cpp, vLLM) is found; and where there is none, a built-in assistant answers.
  models: {
    providers: {
      // openai: { api: "openai-completions", baseUrl: "https://api.openai.com/v1", apiKey: "\${OPENAI_API_KEY}" },
      // ollama: { api: "openai-completions", baseUrl: "http://127.0.0.1:11434/v1" },
    },
  },

  agents: {
    defaults: {
      // model: { primary: "openai/gpt-5-mini", fallbacks: ["ollama/llama3.2"] },
    },
    list: [
      // "openclaw" as the model of a request is the default agent, "openclaw/beta" the other one.
      { id: "main", default: true },
      // { id: "beta", instructions: "Answer in one sentence." },
    ],
  },
}
`;
}
