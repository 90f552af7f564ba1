import type { Included } from "../../run/agents.ts";
import { GatewayError } from "../../base/errors.ts";

const header = "x-clawgate-include";
const words: readonly string[] = ["reasoning", "tools"] satisfies Included[];

/** What the agent shows by itself, and what the client asks for. Throws `invalid_value` for an unknown word. */
export function toInclude(text: string | undefined, always: readonly Included[]): ReadonlySet<Included> {
  const asked = (text ?? "").split(",").map((word) => word.trim().toLowerCase());
  const unknown = asked.find((word) => word !== "" && !words.includes(word));
  if (unknown !== undefined) {
    const message = `Invalid value for '${header}': '${unknown.slice(0, 32)}'. Supported values are: ${words.join(", ")}.`;
    throw new GatewayError("invalid_value", message, { param: header });
  }
  return new Set([...always, ...(asked.filter((word) => word !== "") as Included[])]);
}
