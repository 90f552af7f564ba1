import type { Audit, AuditRecord } from "../base/audit/audit.ts";
import type { ToolSet } from "../tool/tool-set.ts";

/** Whose calls they are. */
export type ToolRecord = Pick<AuditRecord, "runId" | "agent" | "session" | "requestId" | "key">;

/** The same tools, each call of which is recorded before it has effects, and with how it went; not what it was about. */
export function accountFor(set: ToolSet, audit: Audit, whose: ToolRecord): ToolSet {
  return {
    ...set,
    async call(name, args, signal, trace) {
      const what = { event: "tool-call", ...whose, ...set.find(name) } as const;
      audit.record({ ...what, outcome: "begun" });
      let outcome: AuditRecord["outcome"] = "failed";
      try {
        const result = await set.call(name, args, signal, trace);
        if (!result.failed) outcome = "done";
        return result;
      } finally {
        audit.record({ ...what, outcome });
      }
    },
  };
}
