import { isObject } from "../../expect.ts";
import { without } from "../edit.ts";
import { type Change, defineMutants } from "../mutant.ts";
import type { Body } from "./request-edit.ts";

/** Changes the model list, whose entries are given. */
function editList(edit: (list: Body, data: Body[]) => unknown): NonNullable<Change["json"]> {
  return (body, { path }) =>
    path.endsWith("/models") && Array.isArray(body["data"]) ? edit(body, body["data"].filter(isObject)) : body;
}

function editEntries(edit: (model: Body) => Body): NonNullable<Change["json"]> {
  return editList((list, data) => ({ ...list, data: data.map(edit) }));
}

let turn = 0;

export const modelMutants = defineMutants([
  {
    id: "models-bare-array",
    what: "The model list is a bare array: the SDK finds no models, in silence.",
    killedBy: ["MOD-01", "MOD-02", "MOD-03", "MOD-09", "MOD-04", "MOD-05", "MOD-07", "MOD-08"],
    json: editList((_list, data) => data),
  },
  {
    id: "models-under-models",
    what: "The models are under `models`, as Ollama's own list has them.",
    killedBy: ["MOD-01", "MOD-02", "MOD-03", "MOD-04", "MOD-05", "MOD-07", "MOD-08"],
    json: editList((_list, data) => ({ models: data })),
  },
  {
    id: "models-object-missing",
    what: "The list does not say that it is one (openvinotoolkit/model_server#3555).",
    killedBy: ["MOD-01", "MOD-02", "MOD-03"],
    json: editList((list) => without(list, "object")),
  },
  {
    id: "models-text-type",
    what: "The list is sent as text: the SDK does not parse it.",
    killedBy: ["MOD-01", "MOD-03"],
    answer: (answer, { path }) =>
      path.endsWith("/models") ? { ...answer, headers: { ...answer.headers, "content-type": "text/plain" } } : answer,
  },
  {
    id: "models-other-each-time",
    what: "Each call of the list gives the models of another backend.",
    killedBy: ["MOD-01", "MOD-03", "MOD-04", "MOD-05"],
    json: editList((list, data) => ({ ...list, data: [{ ...data[0], id: `backend-${turn++}` }] })),
  },
  {
    id: "models-created-ms",
    what: "`created` of a model is in milliseconds (a .NET client throws).",
    killedBy: ["MOD-02"],
    json: editEntries((model) => ({ ...model, created: 1_750_000_000_000 })),
  },
  {
    id: "models-created-text",
    what: "`created` of a model is a date in words.",
    killedBy: ["MOD-02"],
    json: editEntries((model) => ({ ...model, created: "2025-06-15T15:06:40Z" })),
  },
  {
    id: "models-owner-missing",
    what: "Models have no `owned_by` (ovh/shai#61).",
    killedBy: ["MOD-02"],
    json: editEntries((model) => without(model, "owned_by")),
  },
  {
    id: "models-prefixed",
    what: "Listed ids have a prefix that `model` does not take, as Gemini's `models/…`.",
    killedBy: ["MOD-04", "MOD-05", "MOD-08"],
    json: editEntries((model) => ({ ...model, id: `models/${String(model["id"])}` })),
  },
  {
    id: "models-slash-undecoded",
    what: "`%2F` in the path of a model is not decoded.",
    killedBy: ["MOD-05"],
    call: ({ path }) => ({ path: path.replace(/%2F/i, "%252F") }),
  },
  {
    id: "models-retrieve-differs",
    what: "A single model has another `created` than in the list.",
    killedBy: ["MOD-05"],
    json: (body, { path }) => (path.includes("/models/") ? { ...body, created: 1 } : body),
  },
  {
    id: "models-unknown-200",
    what: "Any id is a model.",
    killedBy: ["MOD-06"],
    call: ({ path }) =>
      path.endsWith("no-such-model-xyz") ? { path: path.replace("no-such-model-xyz", "openclaw") } : undefined,
  },
  {
    id: "models-unknown-400",
    what: "An unknown id is 400: NotFoundError is never thrown.",
    killedBy: ["MOD-06"],
    answer: (answer, { path }) =>
      answer.status === 404 && path.includes("/models/") ? { ...answer, status: 400 } : answer,
  },
  {
    id: "models-twice",
    what: "The default model is listed twice.",
    killedBy: ["MOD-07"],
    json: editList((list, data) => ({ ...list, data: [...data, ...data.slice(0, 1)] })),
  },
  {
    id: "models-agents-missing",
    what: "The list has the default agent only.",
    killedBy: ["MOD-08"],
    json: editList((list, data) => ({ ...list, data: data.slice(0, 1) })),
  },
  {
    id: "models-page",
    what: "`/models` is answered with the start page of the app (openvinotoolkit/model_server#3555).",
    killedBy: ["MOD-01", "MOD-02", "MOD-03", "MOD-09", "MOD-04", "MOD-05", "MOD-07", "MOD-08"],
    answer: (answer, { path }) =>
      path.endsWith("/models")
        ? { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html>" }
        : answer,
  },
]);
