import { isObject } from "../../expect.ts";
import type { Change } from "../mutant.ts";
import type { Body } from "./requests.ts";

/** Changes the model list, whose entries are given. */
export function editList(edit: (list: Body, data: Body[]) => unknown): NonNullable<Change["json"]> {
  return (body, { path }) =>
    path.endsWith("/models") && Array.isArray(body["data"]) ? edit(body, body["data"].filter(isObject)) : body;
}

export function editEntries(edit: (model: Body) => Body): NonNullable<Change["json"]> {
  return editList((list, data) => ({ ...list, data: data.map(edit) }));
}
