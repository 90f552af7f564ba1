import { aroundEach } from "vitest";
import { goingOn } from "./end.fixture.ts";

aroundEach((runTest, { onTestFinished }) => goingOn.run({ onTestFinished }, runTest));
