import { expect } from "vitest";
import type { Session, SessionMessage } from "../../src/base/contract.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import type { Ask } from "../talk.fixture.ts";

export interface List<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  readonly last_id: string | null;
}

export const start = (config: object = {}): Promise<TestGateway> =>
  startTestGateway({ config: { gateway: { http: { endpoints: { sessions: { enabled: true } } } }, ...config } });

export const user = (name: string): Ask => ({ body: { user: name } });
export const ada = "agent:main:openai-user:ada";
export const toPath = (key: string, rest = ""): string => `/v1/sessions/${encodeURIComponent(key)}${rest}`;

export async function get<Body>({ request }: TestGateway, path: string): Promise<Body> {
  const response = await request(path);
  expect(response.status, path).toBe(200);
  return (await response.json()) as Body;
}

export const listKeys = async (gateway: TestGateway, query = ""): Promise<string[]> =>
  (await get<List<Session>>(gateway, `/v1/sessions${query}`)).data.map(({ id }) => id);

export const toLines = ({ data }: List<SessionMessage>): string[] =>
  data.map(
    ({ message, superseded_at: at }) => `${at === null ? "" : "-"}${message.role}: ${String(message["content"])}`,
  );

export async function fail({ request }: TestGateway, path: string, init: RequestInit = {}): Promise<object> {
  const response = await request(path, init);
  const { error } = (await response.json()) as { error: { code: string; param: string | null } };
  return { status: response.status, code: error.code, param: error.param };
}
