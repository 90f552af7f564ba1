import { without } from "./edit.ts";
import type { Change } from "./mutant.ts";
import { isEvent, toPayload } from "./socket-edit.ts";
import type { Frame } from "./socket-proxy.ts";

/** What gateways of OpenClaw's protocol do differently; the published schema allows all of it. */
export const socketVariants: readonly Change[] = [
  {
    id: "ws-bare",
    what: "Events have no key that they may leave out.",
    socket: () => ({
      down: (frame) => {
        if (frame["event"] !== "chat") return frame;
        const payload = toPayload(frame);
        const spare = payload["state"] === "delta" ? ["message"] : ["usage", "stopReason"];
        return { ...frame, payload: without(payload, "agentId", ...spare) };
      },
    }),
  },
  {
    id: "ws-rich",
    what: "There are more features, events and details than anybody asks for, and the numbers begin elsewhere.",
    socket: () => {
      let added = 41;
      const number = (frame: Frame): Frame =>
        typeof frame["seq"] === "number" ? { ...frame, seq: frame["seq"] + added } : frame;
      return {
        ownNumbers: true,
        down: (frame) => {
          if (frame["ok"] === false) return { ...frame, error: toRicher(frame["error"] as Frame) };
          const { features } = toPayload(frame);
          if (features !== undefined)
            return { ...frame, payload: { ...toPayload(frame), features: toMore(features as Frame) } };
          if (!isEvent(frame, "agent", { stream: "lifecycle" })) return number(frame);
          const other = number({ type: "event", event: "presence", payload: { presence: [] }, seq: frame["seq"] });
          added++;
          return [other, number(frame)];
        },
      };
    },
  },
];

function toRicher(error: Frame): Frame {
  const details = (error["details"] ?? {}) as Frame;
  return { ...error, details: { ...details, recommendedNextStep: "review_auth_configuration" } };
}

function toMore(features: Frame): Frame {
  return {
    ...features,
    methods: [...(features["methods"] as unknown[]), "config.get", "talk.config"],
    events: [...(features["events"] as unknown[]), "presence"],
    capabilities: ["something-else"],
  };
}
