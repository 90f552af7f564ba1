import { ConfigError } from "../base/config/config-error.ts";
import type { LoadedConfig } from "../base/config/load.ts";
import { checkErrorBody, type ErrorBody } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { loadCredential } from "../edge/credential.ts";
import { toMistake } from "./mistake.ts";
import { findPresence } from "./presence.ts";

/** Calls the gateway that runs on this state folder, as its operator. Throws what it refuses a call with. */
export type CallGateway = (path: string, init?: Omit<RequestInit, "headers">) => Promise<Response>;

/** Undefined where none runs. */
export function findGateway({ config, stateFolder }: LoadedConfig): CallGateway | undefined {
  const presence = findPresence(stateFolder);
  if (presence === undefined) return undefined;
  const headers = toHeaders(loadCredential(config, stateFolder));
  return async (path, init = {}) => {
    const response = await untilGone(presence.url, fetch(`${presence.url}${path}`, { ...init, headers }));
    if (response.ok) return response;
    throw toRefusal(await untilGone(presence.url, response.json()));
  };
}

/** Says of a gateway that has ended meanwhile, or of a connection to it, what a person can do something with. */
export async function untilGone<Result>(url: string, asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (cause) {
    // So `fetch` says it of a connection, with what has become of that as the cause; who has ended the call knows.
    if (!(cause instanceof TypeError) || cause.cause === undefined) throw cause;
    const message = `The gateway at ${new URL(url).origin} is gone, or the connection to it. \`clawgate runs\` says how its runs are when it is there again.`;
    throw new GatewayError("shutting_down", message, { cause });
  }
}

function toHeaders(credential: ReturnType<typeof loadCredential>): Record<string, string> {
  if (credential.mode === "none") return {};
  if (credential.mode === "trusted-proxy")
    throw new ConfigError(
      "gateway.auth.mode is 'trusted-proxy': only who comes through the proxy may call the gateway.",
    );
  return { authorization: `Bearer ${credential.secret}` };
}

function toRefusal(body: unknown): Error {
  if (checkErrorBody(body) !== undefined) return new Error("The gateway has answered with no error that it knows.");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has passed the check
  const { code, message } = (body as ErrorBody).error;
  return toMistake(new GatewayError(code, message));
}
