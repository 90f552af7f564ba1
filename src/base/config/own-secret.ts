import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../contract.ts";
import { readFile } from "./file-trust.ts";

/** Where the token that the first start makes is kept, in the state folder. */
export const tokenFile = "token";
/** A token with its line end is far shorter. */
export const tokenBytesMax = 4_096;

/** What lets somebody into this gateway, and so is nothing that others may see. */
export interface OwnSecrets {
  /** What `text` is, as a sentence has it; undefined for what lets nobody in here. */
  name(text: string): string | undefined;
}

/**
 * The credential and the keys of a configuration, and the token that is kept in the state folder. Makes nothing: what is
 * not there yet can be nobody's.
 */
export function findOwnSecrets({ gateway: { auth } }: Config, stateFolder: string): OwnSecrets {
  const own = new Map<string, string>();
  const add = (secret: string | undefined, what: string): void => {
    if (secret !== undefined && secret !== "") own.set(hash("sha256", secret), what);
  };
  for (const [name, key] of Object.entries(auth.keys))
    own.set(key.sha256.toLowerCase(), `this gateway's key '${name}'`);
  add(readStoredToken(stateFolder), "this gateway's own token");
  add(auth.password, "this gateway's own password");
  add(auth.token, "this gateway's own token");
  return { name: (text) => own.get(hash("sha256", text)) };
}

function readStoredToken(stateFolder: string): string | undefined {
  const path = join(stateFolder, tokenFile);
  if (!existsSync(path)) return undefined;
  try {
    return readFile(path, { bytesMax: tokenBytesMax, own: true }).text.trim();
  } catch {
    // Whoever needs it says why it is not used.
    return undefined;
  }
}
