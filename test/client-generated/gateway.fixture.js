export { startTestGateway, testToken } from "../gateway.fixture.ts";
