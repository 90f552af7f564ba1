import type { GatewayError } from "../base/errors.ts";

/** What is told to clients, and to whoever runs the gateway where the reason is. */
export function toAdvice({ code, message }: GatewayError): string {
  return code.startsWith("upstream_")
    ? `${message} \`clawgate doctor --online\` names the provider, the reason and the remedy.`
    : message;
}
