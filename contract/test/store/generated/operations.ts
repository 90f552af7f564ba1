// Generated from openapi.yaml. Do not edit.
import { noBody, noParameters, type ResponseRow, type Rows } from "@clawgate/contract";
import * as guards from "./guards.js";
import type { operations as Operations } from "./openapi.ts";

/** What operations answer alike. */
const responses = {
  "Invalid": { headers: {  }, content: { "application/json": guards.checkAnswerProblem } },
  "Missing": { headers: {  }, content: { "application/json": guards.checkAnswerProblem } },
} as const satisfies Record<string, ResponseRow>;

export const operations: Rows<Operations> = {
  listItems: {
    id: "listItems",
    method: "GET",
    path: "/items",
    secured: false,
    scopes: [],
    extensions: {},
    parameters: {"limit":{"in":"query","type":"integer"},"sold":{"in":"query","type":"boolean"}},
    checkParameters: guards.checkListItemsParameters,
    hasBody: false,
    checkBody: noBody,
    responses: {
      200: { headers: {  }, content: { "application/json": guards.checkAnswerListItems200 } },
      400: responses["Invalid"],
    },
  },
  addItem: {
    id: "addItem",
    method: "POST",
    path: "/items",
    secured: false,
    scopes: [],
    extensions: {},
    parameters: {"x-shop":{"in":"header","type":"string"}},
    checkParameters: guards.checkAddItemParameters,
    hasBody: true,
    checkBody: guards.checkNewItem,
    responses: {
      201: { headers: { "location": { required: true } }, content: { "application/json": guards.checkAnswerItem } },
      400: responses["Invalid"],
    },
  },
  getItem: {
    id: "getItem",
    method: "GET",
    path: "/items/{id}",
    secured: false,
    scopes: [],
    extensions: {},
    parameters: {"id":{"in":"path","type":"string","slashes":true}},
    checkParameters: guards.checkGetItemParameters,
    hasBody: false,
    checkBody: noBody,
    responses: {
      200: { headers: {  }, content: { "application/json": guards.checkAnswerItem } },
      404: responses["Missing"],
    },
  },
  watchItem: {
    id: "watchItem",
    method: "GET",
    path: "/watch/{id}",
    secured: false,
    scopes: [],
    extensions: {"x-room":"shelf"},
    parameters: {"id":{"in":"path","type":"string"}},
    checkParameters: guards.checkWatchItemParameters,
    hasBody: false,
    checkBody: noBody,
    responses: {
      200: { headers: {  }, content: { "text/event-stream": guards.checkAnswerItemEvent }, end: "sold out" },
      404: responses["Missing"],
    },
  },
};
