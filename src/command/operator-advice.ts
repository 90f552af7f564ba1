import type { GatewayError } from "../base/errors.ts";

/** What is told to clients, and to whoever runs the gateway where the reason is. */
export function toAdvice({ code, message }: GatewayError): string {
  if (code.startsWith("upstream_"))
    return `${message} \`clawgate doctor --online\` names the provider, the reason and the remedy.`;
  // What a store says that does not open has both in it.
  return code === "storage_unavailable" && /^The session store [^/]*$/.test(message)
    ? `${message} \`clawgate doctor\` names the place, the reason and the remedy.`
    : message;
}
