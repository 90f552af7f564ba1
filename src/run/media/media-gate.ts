import { once } from "node:events";
import type { Message, UserPart } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { toHostName } from "../../outbound/address.ts";
import type { Network } from "../../outbound/public-network.ts";
import { startTimeLimit } from "../../outbound/time-limit.ts";
import { type ImageLink, listMedia, measureMedia, type MediaLimits, replaceUrls, toLink } from "./media-limits.ts";

/** `gateway.http.endpoints.chatCompletions.media` of the configuration. */
export interface MediaOptions extends MediaLimits {
  readonly imageUrls: {
    /** Off, nothing is resolved and nothing is connected to. */
    readonly enabled: boolean;
    /** Exact hosts; empty, any public one. */
    readonly allowedHosts: readonly string[];
    /** Of one image. */
    readonly bytesMax: number;
    /** For all images of a request, which are fetched side by side. */
    readonly timeoutMs: number;
  };
}

export interface MediaGate {
  /**
   * Checks the images, audio and files of user messages, and puts a data URL in the place of every image's address.
   * Returns the same list if there was none. Throws a `GatewayError` whose `param` is the part at fault, and the
   * signal's reason when it aborts.
   */
  admit(messages: readonly Message[], signal: AbortSignal): Promise<readonly Message[]>;
}

/** Tests pass a network of their own; the check of addresses stays the same. */
export function createMediaGate(options: MediaOptions, given?: Network): MediaGate {
  const { imageUrls, bytesMax, pixelsMax } = options;
  const allowedHosts = new Set(imageUrls.allowedHosts.map((host) => toHostName(host) ?? host));
  return {
    async admit(messages, signal) {
      const media = listMedia(messages);
      const bytes = measureMedia(media, options);
      const links = media.flatMap((placed) => toLink(placed) ?? []);
      const [first] = links;
      if (first === undefined) return messages;
      if (!imageUrls.enabled) throw toNotAllowed(first);
      // Few gateways fetch images, and the others shall start without an HTTP client.
      const { fetchImage } = await import("../../outbound/image-fetch.ts");
      const network = given ?? (await import("../../outbound/public-network.ts")).publicNetwork;
      const take = createBudget(bytesMax - bytes);
      const urls = await withDeadline(imageUrls.timeoutMs, signal, (ends) =>
        fetchAll(links, (url) =>
          fetchImage(url, { allowedHosts, bytesMax: imageUrls.bytesMax, pixelsMax, take, network, signal: ends }),
        ),
      );
      return replaceUrls(messages, urls);
    },
  };
}

function createBudget(bytes: number): (taken: number) => void {
  let left = bytes;
  return (taken) => {
    left -= taken;
    if (left < 0) throw new Error("more bytes than a request may have");
  };
}

/**
 * A failure is told when the time is over and not before: how long it took would tell an open port from a closed one,
 * and a name that leads inside from one that leads nowhere.
 */
async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (ends: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const limit = startTimeLimit(timeoutMs, signal);
  try {
    return await work(limit.signal);
  } catch (error) {
    if (!limit.signal.aborted) await once(limit.signal, "abort");
    signal.throwIfAborted();
    throw error;
  } finally {
    limit.stop();
  }
}

/** All at once. Throws for the first that failed, as they stand in the request. */
async function fetchAll(
  links: readonly ImageLink[],
  fetchOne: (url: string) => Promise<string>,
): Promise<Map<UserPart, string>> {
  const results = await Promise.allSettled(links.map(({ url }) => fetchOne(url)));
  const urls = new Map<UserPart, string>();
  for (const [index, { part, param }] of links.entries()) {
    const result = results[index];
    if (result?.status !== "fulfilled") throw toFailure(param, result?.reason);
    urls.set(part, result.value);
  }
  return urls;
}

function toNotAllowed({ param }: ImageLink): GatewayError {
  return new GatewayError(
    "image_url_not_allowed",
    `Invalid value for '${param}': this gateway fetches no images. Send a data URL: data:image/png;base64,…`,
    { param },
  );
}

/** The same words for every reason: see `fetchImage`. */
function toFailure(param: string, cause: unknown): GatewayError {
  return new GatewayError("image_fetch_failed", `Invalid value for '${param}': the image could not be fetched.`, {
    param,
    cause,
  });
}
