import { once } from "node:events";
import { mkdtempSync, rmdirSync, statfsSync, statSync, writeFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { toHost } from "../base/config/check.ts";
import { grants, toWriteReason, writableByOthers } from "../base/config/file-trust.ts";
import type { LoadedConfig } from "../base/config/load.ts";
import { contractVersion } from "../base/contract.ts";
import { toListenFailure } from "../base/listen-failure.ts";
import type { Finding } from "./finding.ts";
import { findPresence } from "./presence.ts";

/** Less is soon used up. */
const freeBytesMin = 100 * 1024 * 1024;

/** The file that the configuration is in. */
export function examineFile({ path }: LoadedConfig): Finding[] {
  const what = "config";
  if (path === undefined) return [{ state: "ok", what, detail: "no file; the defaults hold" }];
  const found: Finding[] = [{ state: "ok", what, detail: path }];
  if (grants(statSync(path), writableByOthers))
    found.push({ state: "warn", what, detail: `${path} can be written by other users of this machine: chmod go-w` });
  return found;
}

/** Whether something can be kept. */
export function examineState({ stateFolder }: LoadedConfig): Finding {
  const what = "state";
  try {
    const folder = mkdtempSync(join(stateFolder, ".doctor-"));
    try {
      writeFileSync(join(folder, "written"), Buffer.alloc(4096));
    } finally {
      rmSync(join(folder, "written"), { force: true });
      rmdirSync(folder);
    }
  } catch (error) {
    const reason = toWriteReason(error as NodeJS.ErrnoException);
    return { state: "FAIL", what, detail: `nothing can be written in ${stateFolder}: ${reason}` };
  }
  const { bavail, bsize } = statfsSync(stateFolder);
  if (bavail * bsize >= freeBytesMin) return { state: "ok", what, detail: stateFolder };
  const left = `${Math.floor((bavail * bsize) / 1024 / 1024)} MB`;
  return { state: "warn", what, detail: `${stateFolder} is on a disk with ${left} left; make room` };
}

/** Whether a client finds the gateway of this configuration at its port, or a gateway can start there. */
export async function examinePort({ config, stateFolder }: LoadedConfig): Promise<Finding[]> {
  const what = "port";
  const host = toHost(config.gateway.bind);
  const { port } = config.gateway;
  const near = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const url = `http://${near.includes(":") ? `[${near}]` : near}:${port}`;
  const failure = await tryToListen(host, port);
  if (failure === undefined) {
    const where = port === 0 ? "a free port" : url;
    return [{ state: "ok", what, detail: `nothing answers at ${where}; \`clawgate gateway\` starts it` }];
  }
  if (failure.code !== "EADDRINUSE") return [{ state: "FAIL", what, detail: toListenFailure(host, port, failure) }];
  const isGateway = await answersAsGateway(url);
  if (!isGateway) return [{ state: "FAIL", what, detail: toListenFailure(host, port, failure) }];
  const presence = findPresence(stateFolder);
  // Its own words in our folder say that it is ours; to show a stranger the token would be no way to ask.
  if (presence === undefined || presence.url !== url) {
    const remedy = "stop it, or choose another port (--port, gateway.port)";
    return [{ state: "FAIL", what, detail: `another gateway answers at ${url}, not one of ${stateFolder}: ${remedy}` }];
  }
  const found: Finding[] = [{ state: "ok", what, detail: `a gateway answers at ${url}/healthz` }];
  const { version = "older" } = presence;
  if (version !== contractVersion)
    found.push({
      state: "warn",
      what,
      detail: `it is of version ${version}, and this is ${contractVersion}: restart it`,
    });
  if (presence.problem !== undefined)
    found.push({ state: "warn", what, detail: `it has not taken the last configuration: ${presence.problem}` });
  return found;
}

async function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
}

async function answersAsGateway(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000), redirect: "error" });
    const body: unknown = await response.json();
    return response.ok && typeof body === "object" && body !== null && Reflect.get(body, "status") === "live";
  } catch {
    return false;
  }
}
