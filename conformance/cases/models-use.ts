import { defineCases } from "../case.ts";
import { expectArray, expectObject, expectThat, isObject, Skip } from "../expect.ts";
import { editEntries } from "../self-test/edits/models.ts";
import { ask, brief, expectEnvelope } from "./routes-answers.ts";

/** A model that must be loaded first may need longer; it is then left out. */
const answerMs = 12_000;
const triedMax = 3;
/** How servers that also list other kinds of models say that one is not for chat. */
const otherKind = /not a chat model|does not support|not supported|embedding|completions endpoint/i;

export const modelUseCases = defineCases([
  {
    id: "MOD-04",
    level: "SHOULD",
    requirement: "An id from the model list is taken as `model` (those that are not for chat may say so).",
    source: "Clients fill their menus from the list; an id that is then unknown is a dead entry.",
    needs: ["models"],
    limitMs: 45_000,
    finds: ["models-bare-array", "models-under-models", "models-other-each-time", "models-page"],
    faults: [
      {
        id: "models-prefixed",
        what: "Listed ids have a prefix that `model` does not take, as Gemini's `models/…`.",
        json: editEntries((model) => ({ ...model, id: `models/${String(model["id"])}` })),
      },
    ],
    async run(context) {
      const { json } = await context.send({ path: "/models" });
      expectObject(json, "what GET /models gives");
      expectArray(json["data"], "data");
      let decided = 0;
      for (const entry of json["data"].slice(0, triedMax)) {
        const id = isObject(entry) ? entry["id"] : undefined;
        const call = context.chat({ ...ask(context), model: id }, { limitMs: answerMs });
        const answer = await call.catch(() => undefined);
        if (answer === undefined) {
          context.note(`no answer from ${String(id)} within ${answerMs} ms`);
          continue;
        }
        decided++;
        if (answer.status === 200) continue;
        const { message } = expectEnvelope(answer, `the listed model ${String(id)}`);
        const isOther = answer.status < 500 && otherKind.test(String(message));
        expectThat(isOther, `the listed model ${String(id)} to answer`, brief(answer));
        context.note(`${String(id)} is not for chat: ${String(message)}`);
      }
      if (decided === 0) throw new Skip("no listed model gave an answer in time");
    },
  },
]);
