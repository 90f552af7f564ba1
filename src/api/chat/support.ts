import { isDeepStrictEqual } from "node:util";
import { type ChatCompletionRequest, requestFields, type Support } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";

interface FieldRule {
  readonly support: Support;
  readonly accepts?: readonly unknown[];
}

const rules: ReadonlyMap<string, FieldRule> = new Map(Object.entries(requestFields));

/**
 * Holds a request against the contract's `x-support`, so that nothing is ignored in silence. Returns the fields that
 * have no effect, for the header `x-clawgate-ignored`. Throws `unsupported_value` for refused values and, when
 * `strict`, `unknown_parameter` or `unsupported_parameter` for fields that would be ignored.
 */
export function checkSupport(body: ChatCompletionRequest, strict: boolean): string[] {
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    const rule = rules.get(name);
    if (rule === undefined || (rule.support === "ignored" && value !== null)) {
      if (strict) throw toStrictError(name, rule);
      ignored.push(name);
    } else if (rule.support === "refused" && !rule.accepts?.some((accepted) => isDeepStrictEqual(accepted, value))) {
      throw toRefusal(name, value, rule.accepts ?? []);
    }
  }
  return ignored;
}

/** Names of unknown fields are the client's text; a header may hold only this much of it. */
export function toIgnoredHeader(ignored: readonly string[]): string | undefined {
  if (ignored.length === 0) return undefined;
  const safe = ignored.slice(0, 20).map((name) => name.slice(0, 64).replaceAll(/[^\w.-]/g, "?"));
  return safe.join(", ");
}

function toRefusal(name: string, value: unknown, accepts: readonly unknown[]): GatewayError {
  const shown = JSON.stringify(value).slice(0, 64);
  const known = accepts.map((accepted) => JSON.stringify(accepted)).join(" and ");
  return new GatewayError(
    "unsupported_value",
    `Unsupported value for '${name}': ${shown}. This gateway accepts ${known}.`,
    {
      param: name,
    },
  );
}

function toStrictError(name: string, rule: FieldRule | undefined): GatewayError {
  const param = name.slice(0, 64);
  return rule === undefined
    ? new GatewayError("unknown_parameter", `Unknown parameter: '${param}'.`, { param })
    : new GatewayError("unsupported_parameter", `Unsupported parameter: '${param}' has no effect on this gateway.`, {
        param,
      });
}
