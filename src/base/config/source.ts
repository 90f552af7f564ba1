import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import JSON5 from "json5";
import { ConfigError } from "./config-error.ts";
import { toFileReason } from "./file-trust.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of the configuration, before it is checked. */
export interface Source {
  /** Undefined when there is no file and the defaults hold. */
  readonly path: string | undefined;
  /** The folder that relative paths in the configuration start from. */
  readonly folder: string;
  /** As it stands in the file. */
  readonly text: string;
  readonly value: unknown;
}

const fileName = "clawgate.json5";

/** Where sessions and the made-up token live: `OPENCLAW_STATE_DIR`, else `~/.clawgate`. */
export function toStateFolder(environment: Environment): string {
  return resolve(environment["OPENCLAW_STATE_DIR"] || join(homedir(), ".clawgate"));
}

/**
 * Finds and reads the file: the given path, `OPENCLAW_CONFIG_PATH`, `./clawgate.json5`, then the state folder's. A path
 * that was named must exist; one that was only looked for need not.
 */
export function loadSource(environment: Environment, path: string | undefined, cwd: string): Source {
  const named = path ?? (environment["OPENCLAW_CONFIG_PATH"] || undefined);
  if (named !== undefined) return readSource(resolve(cwd, named));
  const found = [join(cwd, fileName), join(toStateFolder(environment), fileName)].find((one) => existsSync(one));
  return found === undefined ? { path: undefined, folder: cwd, text: "", value: {} } : readSource(found);
}

function readSource(path: string): Source {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(toReadText(path, error as NodeJS.ErrnoException), { cause: error });
  }
  try {
    return { path, folder: dirname(path), text, value: JSON5.parse(text) };
  } catch (error) {
    const { lineNumber, columnNumber, message } = error as Error & { lineNumber?: number; columnNumber?: number };
    const place = lineNumber === undefined ? "" : ` line ${lineNumber}, column ${columnNumber}:`;
    throw new ConfigError(`${path}:${place} ${message.replace(/^JSON5: /, "").replace(/ at \d+:\d+$/, "")}`, {
      cause: error,
    });
  }
}

function toReadText(path: string, error: NodeJS.ErrnoException): string {
  if (error.code !== "ENOENT") return `Cannot read the configuration ${path}: ${toFileReason(error)}.`;
  return `There is no configuration at ${path}, which --config or OPENCLAW_CONFIG_PATH names. \`clawgate init\` writes one.`;
}
