import type { ConnectParts } from "./connect.ts";
import { toHealth } from "./directory.ts";
import { mainKey } from "./session-name.ts";
import { type Config, contractVersion } from "../base/contract.ts";
import type { Agents } from "../run/agents.ts";
import { toHeaderKey } from "../session/key.ts";

/** What `hello-ok` says of the gateway, as its caller sees it. `startedAt` is what `performance.now()` was then. */
export function createDescribe(
  { websocket, auth }: Config["gateway"],
  all: Agents,
  startedAt: number,
): ConnectParts["describe"] {
  const { payloadBytesMax: maxPayload, bufferedBytesMax: maxBufferedBytes, tickMs: tickIntervalMs } = websocket;
  return (principal) => {
    const agents = all.of(principal);
    const { id } = agents.default;
    return {
      version: contractVersion,
      policy: { maxPayload, maxBufferedBytes, tickIntervalMs },
      snapshot: {
        presence: [],
        health: toHealth(agents),
        stateVersion: { presence: 0, health: 0 },
        uptimeMs: Math.round(performance.now() - startedAt),
        sessionDefaults: {
          defaultAgentId: id,
          modelConfigured: true,
          mainKey,
          mainSessionKey: toHeaderKey(id, mainKey),
        },
        authMode: auth.mode,
      },
    };
  };
}
