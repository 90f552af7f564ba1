import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/error.ts";
import type { Config } from "../contract.ts";

/** What a caller has to present. */
export type Credential =
  | { readonly mode: "token" | "password"; readonly secret: string; readonly origin: "configured" | "stored" | "made" }
  | { readonly mode: "none" };

const fileName = "token";

/**
 * The secret of the configuration; in mode `token` without one, that of the state folder, which the first start makes.
 * It never falls back to letting everyone in. Throws `ConfigError`.
 */
export function loadCredential({ gateway: { auth } }: Config, stateFolder: string): Credential {
  if (auth.mode === "none") return { mode: "none" };
  if (auth.mode === "password") {
    if (auth.password === undefined) throw new ConfigError("gateway.auth.password is missing.");
    return { mode: "password", secret: auth.password, origin: "configured" };
  }
  if (auth.token !== undefined) return { mode: "token", secret: auth.token, origin: "configured" };
  return loadStoredToken(join(stateFolder, fileName), stateFolder);
}

function loadStoredToken(path: string, stateFolder: string): Credential {
  try {
    // `wx` makes exactly one of several first starts write the token; the others read it.
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    const secret = randomBytes(32).toString("hex");
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: "wx" });
    return { mode: "token", secret, origin: "made" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new ConfigError(`Cannot make a token at ${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  const secret = readFileSync(path, "utf8").trim();
  if (secret === "") throw new ConfigError(`${path} is empty; delete it and the next start makes a new token.`);
  chmodSync(path, 0o600);
  return { mode: "token", secret, origin: "stored" };
}
