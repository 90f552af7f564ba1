import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectArray, expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { without } from "../self-test/edit.ts";
import { editEntries, editList } from "../self-test/edits/models.ts";
import { expectShape } from "../shapes.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { brief, expectEnvelope, expectStatus } from "./routes-answers.ts";
import { fromSdk, refusedBySdk } from "./routes-sdk.ts";

let turn = 0;

/** Seconds up to the year 5138; milliseconds since 1973 are more. */
const secondsMax = 1e11;
/** No server has so many, and an iteration that goes on is one that does not end. */
const modelsMax = 100_000;

export const modelCases = defineCases([
  {
    id: "MOD-01",
    level: "MUST",
    requirement: '`GET /models` gives `{"object": "list", "data": […]}`, and not a bare array.',
    source:
      "OpenAI's document: ListModelsResponse. OpenAI SDK, all majors: without `data` the list is empty, in silence.",
    needs: ["models"],
    eachSdk: true,
    faults: [
      {
        id: "models-bare-array",
        what: "The model list is a bare array: the SDK finds no models, in silence.",
        json: editList((_list, data) => data),
      },
      {
        id: "models-under-models",
        what: "The models are under `models`, as Ollama's own list has them.",
        json: editList((_list, data) => ({ models: data })),
      },
      {
        id: "models-object-missing",
        what: "The list does not say that it is one (openvinotoolkit/model_server#3555).",
        json: editList((list) => without(list, "object")),
      },
      {
        id: "models-text-type",
        what: "The list is sent as text: the SDK does not parse it.",
        answer: (answer, { path }) =>
          path.endsWith("/models")
            ? { ...answer, headers: { ...answer.headers, "content-type": "text/plain" } }
            : answer,
      },
      {
        id: "models-other-each-time",
        what: "Each call of the list gives the models of another backend.",
        json: editList((list, data) => ({ ...list, data: [{ ...data[0], id: `backend-${turn++}` }] })),
      },
      {
        id: "models-page",
        what: "`/models` is answered with the start page of the app (openvinotoolkit/model_server#3555).",
        answer: (answer, { path }) =>
          path.endsWith("/models")
            ? { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html>" }
            : answer,
      },
    ],
    async run(context) {
      const ids = await listIds(context);
      const page = await fromSdk(context, context.sdk.client.models.list({ signal: context.signal }), "models.list()");
      expectArray(page.data, "data of the SDK's page");
      expectEqual(toIds(page.data), ids, "the ids in the SDK's page");
    },
  },
  {
    id: "MOD-02",
    level: "DOC",
    requirement: 'Every model has `id`, `object: "model"`, `created` in whole seconds, and `owned_by`.',
    source: "OpenAI's document: Model; openvinotoolkit/model_server#3555.",
    needs: ["models"],
    finds: ["models-bare-array", "models-under-models", "models-object-missing", "models-page"],
    faults: [
      {
        id: "models-created-ms",
        what: "`created` of a model is in milliseconds (a .NET client throws).",
        json: editEntries((model) => ({ ...model, created: 1_750_000_000_000 })),
      },
      {
        id: "models-created-text",
        what: "`created` of a model is a date in words.",
        json: editEntries((model) => ({ ...model, created: "2025-06-15T15:06:40Z" })),
      },
      {
        id: "models-owner-missing",
        what: "Models have no `owned_by` (ovh/shai#61).",
        json: editEntries((model) => without(model, "owned_by")),
      },
    ],
    async run(context) {
      const { json } = await context.send({ path: "/models" });
      expectShape(json, "model list");
      for (const { id, created } of (json as { data: { id: string; created: number }[] }).data)
        expectThat(created >= 0 && created < secondsMax, `created of ${id} to be in seconds`, created);
    },
  },
  {
    id: "MOD-03",
    level: "MUST",
    requirement: "Iterating over the SDK's model list gives every model once, and ends.",
    source: "OpenAI SDK, majors 4 to 7: `for await (const model of client.models.list())`; there is one page.",
    needs: ["models"],
    eachSdk: true,
    finds: [
      "models-bare-array",
      "models-under-models",
      "models-object-missing",
      "models-text-type",
      "models-other-each-time",
      "models-page",
    ],
    async run(context) {
      const ids = await listIds(context);
      const list = context.sdk.client.models.list({ signal: context.signal });
      expectEqual(await fromSdk(context, collectIds(list), "an iteration over models.list()"), ids, "the ids");
      expectEqual((await list).hasNextPage(), false, "hasNextPage()");
    },
  },
  {
    id: "MOD-05",
    level: "SHOULD",
    requirement: "`GET /models/{id}` gives the model of the list, also for ids with `:` and `/` (raw and as `%2F`).",
    source: "OpenAI's document: paths./models/{model}. OpenAI SDK: major 4 sends the slash, later ones `%2F`.",
    needs: ["models"],
    eachSdk: true,
    finds: ["models-bare-array", "models-under-models", "models-other-each-time", "models-prefixed", "models-page"],
    faults: [
      {
        id: "models-slash-undecoded",
        what: "`%2F` in the path of a model is not decoded.",
        call: ({ path }) => ({ path: path.replace(/%2F/i, "%252F") }),
      },
      {
        id: "models-retrieve-differs",
        what: "A single model has another `created` than in the list.",
        json: (body, { path }) => (path.includes("/models/") ? { ...body, created: 1 } : body),
      },
    ],
    async run(context) {
      const { client } = context.sdk;
      const { entries } = await listModels(context);
      const chosen = chooseDifferent(entries);
      for (const entry of chosen) {
        const id = String(entry["id"]);
        const model = await fromSdk(context, client.models.retrieve(id), `models.retrieve("${id}")`);
        for (const key of ["id", "object", "created", "owned_by"] as const)
          expectEqual(model[key], entry[key], `${key} of the model ${id}`);
      }
      const targets = context.has("agents") ? ["openclaw:main", "openclaw/beta", "agent:beta"] : [];
      for (const id of targets) {
        const model = await fromSdk(context, client.models.retrieve(id), `models.retrieve("${id}")`);
        expectEqual(model.id, id, "id");
      }
    },
  },
  {
    id: "MOD-06",
    level: "MUST",
    requirement: "`GET /models/{id}` of an unknown id is 404 with an error body.",
    source: "OpenAI's document: paths./models/{model}; OpenAI SDK: NotFoundError.",
    needs: ["models"],
    finds: ["route-404-empty", "route-404-page", "route-404-message-empty"],
    faults: [
      {
        id: "models-unknown-200",
        what: "Any id is a model.",
        call: ({ path }) =>
          path.endsWith("no-such-model-xyz") ? { path: path.replace("no-such-model-xyz", "openclaw") } : undefined,
      },
      {
        id: "models-unknown-400",
        what: "An unknown id is 400: NotFoundError is never thrown.",
        answer: (answer, { path }) =>
          answer.status === 404 && path.includes("/models/") ? { ...answer, status: 400 } : answer,
      },
    ],
    async run(context) {
      const answer = await context.send({ path: "/models/no-such-model-xyz" });
      expectRefusedInWords(answer, [404], "an unknown model id");
      const call = context.sdk.client.models.retrieve("no-such-model-xyz", { signal: context.signal });
      await refusedBySdk(context, call, "NotFoundError", "an unknown model id");
    },
  },
  {
    id: "MOD-07",
    level: "SHOULD",
    requirement: "No model is listed twice.",
    source: "Clients use the id as the key of their menus.",
    needs: ["models"],
    finds: ["models-bare-array", "models-under-models", "models-page"],
    faults: [
      {
        id: "models-twice",
        what: "The default model is listed twice.",
        json: editList((list, data) => ({ ...list, data: [...data, ...data.slice(0, 1)] })),
      },
    ],
    async run(context) {
      const ids = await listIds(context);
      expectEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
        "the ids that are there more than once",
      );
    },
  },
  {
    id: "MOD-08",
    level: "EXT",
    requirement: "The list names every agent in a form that `model` takes, and the default one as `openclaw`.",
    source: "Gateway profile: agents are what a client of the gateway chooses among.",
    needs: ["models", "agents"],
    finds: ["models-bare-array", "models-under-models", "models-prefixed", "models-page"],
    faults: [
      {
        id: "models-agents-missing",
        what: "The list has the default agent only.",
        json: editList((list, data) => ({ ...list, data: data.slice(0, 1) })),
      },
    ],
    async run(context) {
      const ids = await listIds(context);
      expectThat(ids.includes("openclaw"), "the list to have openclaw", ids);
      for (const agent of ["main", "beta"]) {
        const names = [`openclaw/${agent}`, `openclaw:${agent}`];
        expectThat(
          names.some((name) => ids.includes(name)),
          `the list to have ${names.join(" or ")}`,
          ids,
        );
      }
    },
  },
  {
    id: "MOD-09",
    level: "SHOULD",
    requirement: "`GET /models` is answered with JSON: a list, or 404 with an error body; never a web page.",
    source: "openvinotoolkit/model_server#3555: clients ask for the list before anything else.",
    finds: ["models-bare-array", "models-page"],
    async run(context) {
      const answer = await context.send({ path: "/models" });
      if (answer.status === 200) return expectObject(answer.json, "what GET /models gives");
      expectStatus(answer, [404], "GET /models on a server without a model list");
      expectEnvelope(answer, "GET /models");
      const call = context.sdk.client.models.list({ signal: context.signal });
      await refusedBySdk(context, call, "NotFoundError", "models.list()");
    },
  },
]);

async function listModels(context: CaseContext): Promise<{ answer: WireAnswer; entries: Record<string, unknown>[] }> {
  const answer = await context.send({ path: "/models" });
  expectStatus(answer, [200], "GET /models");
  const list = answer.json;
  expectThat(isObject(list) && Array.isArray(list["data"]), "an object with the array data", brief(answer));
  expectEqual(list["object"], "list", "object");
  return { answer, entries: (list["data"] as unknown[]).filter(isObject) };
}

async function listIds(context: CaseContext): Promise<unknown[]> {
  return toIds((await listModels(context)).entries);
}

function toIds(entries: readonly unknown[]): unknown[] {
  return entries.map((entry) => (isObject(entry) ? entry["id"] : undefined));
}

async function collectIds(list: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of list) {
    ids.push(id);
    expectThat(ids.length <= modelsMax, "an end of the list", `more than ${modelsMax} models`);
  }
  return ids;
}

/** The first, and the first with each of the characters that paths are particular about. */
function chooseDifferent(entries: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const withCharacter = ["/", ":"].map((one) => entries.find(({ id }) => String(id).includes(one)));
  return [...new Set([entries[0], ...withCharacter])].filter((entry) => entry !== undefined);
}
