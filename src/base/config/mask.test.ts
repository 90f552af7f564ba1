import { expect, test } from "vitest";
import { secretKeys } from "../contract.ts";
import { parseConfig } from "./load.ts";
import { maskSecrets } from "./mask.ts";

const secret = "s3cret-0123456789";

/** An object in which every secret key of the contract is set; `*` stands for any name. */
function toSecretive(): object {
  const root: Record<string, unknown> = {};
  for (const path of secretKeys) {
    let at = root;
    for (const key of path.slice(0, -1)) at = (at[key === "*" ? "lab" : key] ??= {}) as Record<string, unknown>;
    at[path.at(-1) ?? ""] = secret;
  }
  return root;
}

test("every key that the contract calls secret is masked", () => {
  expect(secretKeys).toContainEqual(["gateway", "auth", "token"]);
  expect(secretKeys).toContainEqual(["gateway", "auth", "password"]);
  const shown = JSON.stringify(maskSecrets(toSecretive() as never));
  expect(shown).not.toContain(secret);
  expect(shown.match(/<secret, 17 characters>/g)).toHaveLength(secretKeys.length);
});

test("everything else is shown, and what is not set stays so", () => {
  const config = parseConfig({ agents: { list: [{ id: "main", instructions: "token" }] } });
  expect(maskSecrets(config)).toEqual(config);
});

test("the configuration itself keeps its secrets", () => {
  const config = parseConfig({ gateway: { auth: { token: secret } } });
  maskSecrets(config);
  expect(config.gateway.auth.token).toBe(secret);
});
