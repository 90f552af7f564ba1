import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { ConfigError } from "../../base/config/config-error.ts";
import { parseConfig } from "../../base/config/load.ts";
import { hear } from "../../base/listener.fixture.ts";
import { createAiSdkProvider } from "./ai-sdk.ts";
import { type AiSdkApi, type AiSdkProviderConfig, type CreateSdk, vendors } from "./vendors.ts";

const report = (): void => undefined;

const apis = Object.keys(vendors) as AiSdkApi[];

function toConfig(api: AiSdkApi): AiSdkProviderConfig {
  return parseConfig({ models: { providers: { one: { api } } } }).models.providers["one"] as AiSdkProviderConfig;
}

describe.each(apis)("%s", (api) => {
  const vendor = vendors[api];

  it("says what to install when its package is not there", async () => {
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    const made = createAiSdkProvider("models.providers.one", toConfig(api), report, () => Promise.reject(missing));
    await expect(made).rejects.toThrow(ConfigError);
    await expect(made).rejects.toThrow(
      `models.providers.one.api is '${api}', which needs the package ${vendor.package}. ` +
        `Install it: npm install ${vendor.package}@${vendor.version}`,
    );
  });

  it("says the same when the package is another one than it was made for", async () => {
    const made = createAiSdkProvider("models.providers.one", toConfig(api), report, () => Promise.resolve({}));
    await expect(made).rejects.toThrow("Install it");
  });

  it("does not hide a package that is broken", async () => {
    const made = createAiSdkProvider("models.providers.one", toConfig(api), report, () =>
      Promise.reject(new Error("broken")),
    );
    await expect(made).rejects.toThrow("broken");
  });

  it("tells its package where its vendor is, lest it asks the environment", async () => {
    for (const name of ["ANTHROPIC", "OPENAI"]) vi.stubEnv(`${name}_BASE_URL`, "http://127.0.0.1:9/v1");
    const create = vi.fn<CreateSdk>(() => {
      throw new Error("made");
    });
    const provider = await createAiSdkProvider("models.providers.one", toConfig(api), report, () =>
      Promise.resolve({ [vendor.create]: create }),
    );
    const request = { model: "m", agentId: "main", messages: [], tools: [], settings: {} };
    const { events, error } = await hear((to) => provider.stream(request, to));
    expect(events).toEqual([]);
    expect(error).toMatchObject({ code: "upstream_error" });
    expect(create.mock.calls[0]?.[0]).toMatchObject({ baseURL: vendor.baseUrl, apiKey: "" });
    vi.unstubAllEnvs();
  });

  it("names the version that is tested, which is the one that its users are asked for", () => {
    const { devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as Record<string, Record<string, unknown>>;
    expect(devDependencies?.[vendor.package]).toBe(vendor.version);
    expect(peerDependencies?.[vendor.package]).toBe(`^${vendor.version}`);
    expect(peerDependenciesMeta?.[vendor.package]).toEqual({ optional: true });
  });
});
