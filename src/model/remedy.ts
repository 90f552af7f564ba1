import type { GatewayError } from "../base/errors.ts";

/** Each sign of a setup that is wrong, and what to do about it; `key` is that of the provider. */
const remedies: readonly (readonly [sign: RegExp, remedy: (key: string) => string])[] = [
  [/answered 40[13]\b|invalid_api_key/, (key) => `See whether ${key}.apiKey is the provider's, and still valid`],
  [
    /does not list|answered 40[45]\b|web page/,
    (key) =>
      `See how the provider calls its models, and that ${key}.baseUrl ends where its API begins (most often /v1)`,
  ],
  [
    /ERR_TLS_CERT_ALTNAME|does not match certificate/i,
    (key) => `${key}.baseUrl has to have a name that the server's certificate is for`,
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, () => "The server needs a new certificate"],
  [
    /certificate|CERT|self.signed/i,
    () => "Where its certificate is of an authority of your own, NODE_EXTRA_CA_CERTS=file.pem names it",
  ],
  [/ENOTFOUND|EAI_AGAIN/, (key) => `See the name in ${key}.baseUrl, and whether this machine can look it up`],
  [/ECONNREFUSED/, (key) => `Start it, or correct ${key}.baseUrl`],
  [
    /wrong version number|packet length|EPROTO/,
    (key) => `${key}.baseUrl says https where http is spoken, or a proxy stands between`,
  ],
  [/handshake failure|alert number/, (key) => `See whether ${key}.baseUrl names the server that it is meant to`],
  [
    /other side closed|ECONNRESET|EPIPE|socket hang up/,
    (key) => `See whether ${key}.baseUrl says http where https is spoken, and whether a model server is there`,
  ],
  [
    /aborted due to timeout|did not answer|ETIMEDOUT|CONNECT_TIMEOUT|Connect Timeout|EHOSTUNREACH|ENETUNREACH/,
    (key) =>
      `See whether ${key}.baseUrl can be reached from this machine, and whether it is busy; ${key}.deadlines says how long to wait`,
  ],
  [/answered 5\d\d\b/, () => "It is the provider that fails: look at its own log"],
];

/** What to do about a call that failed, for whoever runs the gateway; undefined where nothing points to the setup. */
export function toRemedy(provider: string, { message, cause }: GatewayError): string | undefined {
  const told = cause instanceof Error ? `${message} ${cause.message}` : message;
  return remedies.find(([sign]) => sign.test(told))?.[1](`models.providers.${provider}`);
}
