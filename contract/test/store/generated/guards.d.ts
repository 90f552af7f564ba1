// Generated from openapi.yaml. Do not edit.
import type { Check } from "@clawgate/contract";
import type { Body, Parameters } from "@clawgate/contract";
import type { components, operations as Operations } from "./openapi.ts";
export declare const checkListItemsParameters: Check<Parameters<Operations, "listItems">>;
export declare const checkAnswerListItems200: Check<unknown>;
export declare const checkAnswerProblem: Check<components["schemas"]["Problem"]>;
export declare const checkAddItemParameters: Check<Parameters<Operations, "addItem">>;
export declare const checkNewItem: Check<Body<Operations, "addItem">>;
export declare const checkAnswerItem: Check<components["schemas"]["Item"]>;
export declare const checkGetItemParameters: Check<Parameters<Operations, "getItem">>;
export declare const checkWatchItemParameters: Check<Parameters<Operations, "watchItem">>;
export declare const checkAnswerItemEvent: Check<components["schemas"]["ItemEvent"]>;
