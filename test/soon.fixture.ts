import { setTimeout } from "node:timers/promises";

const looks = 40;
const pauseMs = 5;

/**
 * Whether something comes to be within 200 ms, which is the bound for a client that leaves. Here that is so many looks
 * with a pause between them: on a busy machine the looks are late as well, and the clock would only measure the machine.
 */
export async function isSoon(look: () => Promise<boolean>): Promise<boolean> {
  for (let looked = 0; looked < looks; looked++) {
    if (await look()) return true;
    await setTimeout(pauseMs);
  }
  return false;
}
