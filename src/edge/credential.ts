import { randomBytes, randomUUID } from "node:crypto";
import { linkSync, lstatSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLoopback, toHost } from "../base/config/check.ts";
import { ConfigError } from "../base/config/config-error.ts";
import { readFile, toWriteReason } from "../base/config/file-trust.ts";
import { tokenBytesMax, tokenFile } from "../base/config/own-secret.ts";
import { assertPassword, assertToken } from "../base/config/secret.ts";
import type { Config } from "../base/contract.ts";
import { makeFolder } from "../base/make-folder.ts";

/** What a caller has to present. */
export type Credential =
  | { readonly mode: "token" | "password"; readonly secret: string; readonly origin: "configured" | "stored" | "made" }
  | { readonly mode: "trusted-proxy" }
  | { readonly mode: "none" };

/**
 * The secret of the configuration; in mode `token` without one, that of the state folder, which the first start makes.
 * It never falls back to letting everyone in. Throws `ConfigError`, also for a secret that is none.
 */
export function loadCredential({ gateway: { auth, bind } }: Config, stateFolder: string): Credential {
  switch (auth.mode) {
    case "none":
      return { mode: "none" };
    case "trusted-proxy":
      return { mode: "trusted-proxy" };
    case "password":
      assertPassword("gateway.auth.password", auth.password ?? "", isLoopback(toHost(bind)));
      return { mode: "password", secret: auth.password ?? "", origin: "configured" };
    case "token": {
      if (auth.token === undefined) return loadStoredToken(join(stateFolder, tokenFile), stateFolder);
      assertToken("gateway.auth.token", auth.token);
      return { mode: "token", secret: auth.token, origin: "configured" };
    }
  }
}

function loadStoredToken(path: string, stateFolder: string): Credential {
  const made = makeToken(path, stateFolder);
  const secret = made ?? readStored(path);
  assertToken(`The stored token ${path}`, secret);
  return { mode: "token", secret, origin: made === undefined ? "stored" : "made" };
}

/** Whoever could put a file or a link there would otherwise say what the token is. */
function readStored(path: string): string {
  try {
    return readFile(path, { bytesMax: tokenBytesMax, own: true }).text.trim();
  } catch (cause) {
    const failure = cause instanceof Error ? cause : new Error(String(cause));
    const reason = "code" in failure && failure.code === "ELOOP" ? "it is a symbolic link" : failure.message;
    throw new ConfigError(`The stored token ${path} is not used: ${reason}. Delete it, and a new one is made.`, {
      cause,
    });
  }
}

/**
 * Makes the token if there is none, and says so by returning it. The file appears whole or not at all, and exactly one
 * of several first starts makes it; the others read it.
 */
function makeToken(path: string, stateFolder: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return undefined;
  const draft = `${path}.${randomUUID()}`;
  try {
    makeFolder(stateFolder, { mode: 0o700 });
    const secret = randomBytes(32).toString("hex");
    writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: "wx" });
    linkSync(draft, path);
    return secret;
  } catch (cause) {
    const failure = cause instanceof Error ? cause : new Error(String(cause));
    if ("code" in failure && failure.code === "EEXIST") return undefined;
    throw new ConfigError(`Cannot make a token at ${path}: ${toWriteReason(failure)}.`, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
}
