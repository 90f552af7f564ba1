import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "@modelcontextprotocol/client";

/** How long a server may take to acknowledge that it will tell of changes. */
const acknowledgeMs = 10_000;
/** Between two requests to be told, where a server ends them. */
const pauseMs = 5000;

export interface Changes {
  /** Reads the list again. Never rejects. */
  readonly read: () => Promise<void>;
  /** Aborts with the end of the connection. */
  readonly ended: AbortSignal;
}

/**
 * Has the list read again whenever the server says that it has changed, one reading at a time. Servers of the revision
 * 2026-07-28 say so only to who asks for it; one that does not answer to that is used all the same.
 */
export function followChanges(client: Client, { read, ended }: Changes): void {
  let reading = false;
  let again = false;
  const readAll = async (): Promise<void> => {
    reading = true;
    do {
      again = false;
      // oxlint-disable-next-line no-await-in-loop -- the next reading is for what was said during this one
      await read();
    } while (again && !ended.aborted);
    reading = false;
  };
  const onChanged = (): void => {
    if (reading) again = true;
    else void readAll();
  };
  client.setNotificationHandler("notifications/tools/list_changed", onChanged);
  if (client.getProtocolEra() !== "modern" || client.getServerCapabilities()?.tools?.listChanged !== true) return;
  void subscribe(client, ended, onChanged);
}

async function subscribe(client: Client, ended: AbortSignal, onChanged: () => void): Promise<void> {
  while (!ended.aborted) {
    try {
      const { closed } = await client.listen({ toolsListChanged: true }, { signal: ended, timeout: acknowledgeMs });
      await closed;
      await delay(pauseMs, undefined, { signal: ended, ref: false });
      // It may have changed while nobody was told.
      onChanged();
    } catch {
      // It tells of no changes, or the connection has ended: the list stays as it was read.
      return;
    }
  }
}
