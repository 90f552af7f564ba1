/** A model does not do the same twice, nor take the same time: what one answer shows may be chance. */
export const samplesMax = 3;

/**
 * Looks so often, and stops when there is nothing to be found: what is found each time is no chance. Empty if it is not
 * found each time. One after the other, since answers beside each other would slow each other down, and a model that is
 * asked often at once may refuse.
 */
export async function seeEachTime<T>(times: number, look: () => Promise<T | undefined>): Promise<readonly T[]> {
  const seen: T[] = [];
  while (seen.length < times) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const found = await look();
    if (found === undefined) return [];
    seen.push(found);
  }
  return seen;
}
