import type { Handler, Model, Reply } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { type Agents, findTarget, listTargets } from "../run/agents.ts";

/** `GET /v1/models`: the names that `model` may have. `created` is in seconds since 1970. */
export function createListModels(agents: Agents, created: number): Handler<"listModels"> {
  const replies = new WeakMap<Agents, Reply<"listModels">>();
  return ({ principal }) => {
    const seen = agents.of(principal);
    const reply = replies.get(seen) ?? toReply(seen, created);
    replies.set(seen, reply);
    return reply;
  };
}

function toReply(agents: Agents, created: number): Reply<"listModels"> {
  const data = listTargets(agents).map((id) => toModel(id, created));
  return Object.freeze({ status: 200, body: { object: "list", data } } as const);
}

/** `GET /v1/models/{model}`: any form of a name that works. */
export function createRetrieveModel(agents: Agents, created: number): Handler<"retrieveModel"> {
  return ({ parameters: { model }, principal }) => {
    if (findTarget(model, agents.of(principal)) !== undefined) return { status: 200, body: toModel(model, created) };
    throw new GatewayError(
      "model_not_found",
      `No agent answers to '${model.slice(0, 64)}'. GET /v1/models lists the names.`,
      {
        param: "model",
      },
    );
  };
}

function toModel(id: string, created: number): Model {
  return { id, object: "model", created, owned_by: "clawgate" };
}
