// Holds the files of examples/deploy/scaled and docs/scaling.md against what is true.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../src/base/config/load.ts";
import { testToken } from "../test/gateway.fixture.ts";

const folder = join(import.meta.dirname, "deploy/scaled");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly volumes?: readonly string[]; readonly secrets?: readonly string[] }>
  >;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: {
    readonly inside: { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } };
  };
}

test("the configuration of several gateways can be used, with the secrets that compose hands out", () => {
  const place = mkdtempSync(join(tmpdir(), "clawgate-scaled-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const secrets = { token: testToken, database: "postgres://clawgate:word@database/clawgate" };
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(place, name), value, { mode: 0o600 });
  const path = join(place, "clawgate.json5");
  writeFileSync(path, read("clawgate.json5").replaceAll("/run/secrets", place));
  const { config } = loadConfig({ path, environment: {}, cwd: place });
  expect(config.sessions.store.postgres).toMatchObject({ url: secrets.database, schema: "clawgate" });

  const compose = parse(read("compose.yaml"), { merge: true }) as Compose;
  const names = new Set(Object.values(compose.services).flatMap(({ secrets: used = [] }) => used));
  expect([...names].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
  expect(config.gateway.trustedProxies).toEqual(compose.networks.inside.ipam.config.map(({ subnet }) => subnet));
  const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((volume) => volume.startsWith("./")),
  );
  for (const volume of mounted) expect(existsSync(join(folder, volume.split(":")[0] ?? ""))).toBe(true);
  // nginx names the gateways that there are.
  const servers = [...read("nginx.conf").matchAll(/^\s+server (\S+):18789/gm)].map(([, name]) => name);
  expect(servers).toEqual(Object.keys(compose.services).filter((name) => name.startsWith("gateway")));
});
