import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../config/config-error.ts";
import { toWriteReason } from "../config/file-trust.ts";
import type { Config } from "../contract.ts";
import type { Log } from "../log.ts";
import { makeFolder } from "../make-folder.ts";
import type { Audit, AuditEvent, AuditRecord } from "./audit.ts";
import { RotatedFile } from "./rotated-file.ts";
import { Tally } from "./tally.ts";

export interface AuditFileOptions {
  readonly config: Config;
  /** What `gateway.audit.file` is relative to. */
  readonly folder: string;
  /** Where the file is if nothing is said. */
  readonly stateFolder: string;
  readonly log: Log;
}

/** An audit in the file that the configuration names, or in none if it is switched off. */
export interface AuditFile extends Audit {
  /** Goes on as another configuration says. Throws as `openAuditFile`, and goes on as it was. */
  reopen(options: AuditFileOptions): void;
  /** Writes what has been added up, and closes the file. */
  close(): void;
}

/** What somebody without a secret can cause as often as they like. */
const floods: ReadonlySet<AuditEvent> = new Set<AuditEvent>(["sign-in", "lockout"]);

/** JSON lines, one for each record, in a file of bounded size. Throws `ConfigError` if it cannot be written. */
export function openAuditFile(options: AuditFileOptions): AuditFile {
  let { log } = options;
  let file = open(options);
  const write = (record: AuditRecord): void => {
    try {
      file?.append(JSON.stringify({ time: new Date().toISOString(), ...record }));
    } catch (cause) {
      log.error({ record, cause: (cause as Error).message }, "audit record not written");
    }
  };
  const tally = new Tally(write);
  return {
    record(record) {
      if (floods.has(record.event)) tally.add(record);
      else write(record);
    },
    reopen(next) {
      const opened = open(next);
      tally.flush();
      file?.close();
      ({ log } = next);
      file = opened;
    },
    close() {
      tally.flush();
      file?.close();
      file = undefined;
    },
  };
}

function open({ config, folder, stateFolder }: AuditFileOptions): RotatedFile | undefined {
  const { enabled, file, bytesMax, keep } = config.gateway.audit;
  if (!enabled) return undefined;
  const path = file === undefined ? join(stateFolder, "audit.jsonl") : resolve(folder, file);
  try {
    // At the first start the state folder is missing.
    makeFolder(dirname(path), { mode: 0o700 });
    return new RotatedFile({ path, bytesMax, keep });
  } catch (cause) {
    const elsewhere = file === undefined ? undefined : "name another file with gateway.audit.file";
    const reason = toWriteReason(cause as NodeJS.ErrnoException, elsewhere);
    throw new ConfigError(`The audit file ${path} (gateway.audit.file) cannot be written: ${reason}.`, { cause });
  }
}
