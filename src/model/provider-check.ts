import { checkAll, ConfigError } from "../base/config/config-error.ts";
import { headerTextRule, isHeaderText, isWebAddress } from "../base/config/request-text.ts";
import { type Config, requestFields, type Support } from "../base/contract.ts";
import { findNearest } from "../base/nearest.ts";

/** Throws `ConfigError` for providers and models that could never answer, all of them at once. */
export function assertProviders({ models, agents }: Config, isFound: (provider: string) => boolean): void {
  const { providers } = models;
  const known = [...new Set([...Object.keys(providers), "embedded"])];
  const choices = [
    { key: "agents.defaults.model", choice: agents.defaults.model },
    ...agents.list.map(({ model }, index) => ({ key: `agents.list[${index}].model`, choice: model })),
  ];
  const named = choices.flatMap(({ key, choice }) => {
    if (choice === undefined) return [];
    if (typeof choice === "string") return [{ key, name: choice }];
    const fallbacks = (choice.fallbacks ?? []).map((name, index) => ({ key: `${key}.fallbacks[${index}]`, name }));
    return [{ key: `${key}.primary`, name: choice.primary }, ...fallbacks];
  });
  checkAll([
    ...Object.entries(providers).map(
      ([name, provider]) =>
        () =>
          assertProvider(name, provider),
    ),
    ...named.map(({ key, name }) => () => {
      const provider = name.slice(0, name.indexOf("/"));
      if (!known.includes(provider) && !isFound(provider)) throw toUnknownProvider(key, name, known);
    }),
  ]);
}

/** What is said of a model whose provider nobody has described. */
export function toUnknownProvider(key: string, name: string, known: readonly string[]): ConfigError {
  const provider = name.slice(0, name.indexOf("/"));
  const meant = findNearest(provider, known);
  const remedy = meant === undefined ? `Add models.providers.${provider}` : `Did you mean '${meant}'?`;
  const list = known.map((one) => `'${one}'`).join(", ");
  return new ConfigError(
    `${key} is '${name}', but there is no provider '${provider}'. Providers: ${list}. ${remedy}${meant === undefined ? ", or choose one of these." : ""}`,
  );
}

/**
 * Throws `ConfigError` for a provider that no request could be sent to: every call of it would fail, and its client hear
 * that the provider broke off. No message shows a value.
 */
export function assertProvider(name: string, config: Config["models"]["providers"][string]): void {
  const key = `models.providers.${name}`;
  if (name.includes("/")) throw new ConfigError(`models.providers has '${name}', but a provider's name has no slash.`);
  if (config.api === "embedded") return;
  const { baseUrl, apiKey, headers } = config;
  if (baseUrl !== undefined && !isWebAddress(baseUrl)) {
    throw new ConfigError(`${key}.baseUrl is no address: it has to be like https://api.example/v1.`);
  }
  if (apiKey !== undefined && !isHeaderText(apiKey)) throw new ConfigError(`${key}.apiKey ${headerTextRule}.`);
  for (const [field, value] of Object.entries(headers)) {
    if (!isHeaderText(value)) throw new ConfigError(`${key}.headers.${field} ${headerTextRule}.`);
  }
  if (config.api === "openai-completions") assertForward(`${key}.forward`, config.forward);
}

const fields: ReadonlyMap<string, { readonly support: Support }> = new Map(Object.entries(requestFields));

/** What the gateway itself acts on is not the client's to say a second time. */
function assertForward(key: string, names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    if (fields.has(name) && fields.get(name)?.support !== "ignored")
      throw new ConfigError(`${key}[${index}] is '${name}', which the gateway itself sees to: leave it out.`);
  }
}
