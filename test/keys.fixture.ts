import { hash } from "node:crypto";
import type { TestGateway } from "./gateway.fixture.ts";

/** What the holder of the key of this name sends. */
export const toSecret = (name: string): string => `cgk_${name}-0123456789-abcdefghijklmnopqrstuv`;

export const toDigest = (name: string): string => hash("sha256", toSecret(name));

/** The line of the configuration for the key of this name. */
export const toKeyConfig = (name: string, fields: object = {}): object => ({
  [name]: { sha256: toDigest(name), ...fields },
});

export const toAuthorization = (name: string): { readonly authorization: string } => ({
  authorization: `Bearer ${toSecret(name)}`,
});

type Callable = Pick<TestGateway, "request" | "chat">;

/** The same gateway, called with the key of this name. */
export function withKey<G extends Callable>(gateway: G, name: string): G {
  const authorization = toAuthorization(name);
  const add = (headers: object = {}): Record<string, string> => ({ ...authorization, ...headers });
  return {
    ...gateway,
    request: (path, init = {}) => gateway.request(path, { ...init, headers: add(init.headers) }),
    chat: (body, headers) => gateway.chat(body, add(headers)),
  };
}
