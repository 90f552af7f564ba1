// Generated from openapi.yaml. Do not edit.
import type { Check } from "@clawgate/contract";
import type { components } from "./settings.ts";
export declare const fillSettings: Check<components["schemas"]["Settings"]>;
