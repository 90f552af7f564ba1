import { type Claim, type Config, type Handler, requestFields } from "../base/contract.ts";

/** What the suite announces to find out whether bodies are limited. */
const announcedBytes = 1024 ** 3;

/** When each capability is claimed: where the contract honours its field, and as long as the configuration lets it. */
const claimed: Record<Claim, (gateway: Config["gateway"]) => boolean> = {
  auth: ({ auth }) => auth.mode === "token" || auth.mode === "password",
  models: servesChat,
  tools: (gateway) => servesChat(gateway) && isHonoured("tools"),
  schema: (gateway) => servesChat(gateway) && isHonoured("response_format"),
  logprobs: (gateway) => servesChat(gateway) && isHonoured("logprobs"),
  n: (gateway) => servesChat(gateway) && isHonoured("n"),
  usage: servesChat,
  limits: (gateway) => servesChat(gateway) && gateway.http.bodyBytesMax < announcedBytes,
  websocket: ({ websocket }) => websocket.enabled,
};

/** `GET /.well-known/openai-compatible.json`: the same for as long as a configuration is in force. */
export function createGetManifest({ gateway }: Config): Handler<"getManifest"> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the record above
  const claims = (Object.keys(claimed) as Claim[]).filter((name) => claimed[name](gateway));
  const reply = Object.freeze({ status: 200, body: { manifest: 1, claims } } as const);
  return () => reply;
}

function servesChat({ http }: Config["gateway"]): boolean {
  return http.endpoints.chatCompletions.enabled;
}

function isHonoured(field: keyof typeof requestFields): boolean {
  const { support }: { readonly support: string } = requestFields[field];
  return support === "honoured";
}
