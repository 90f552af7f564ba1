import { expectVerdicts, type Row } from "./contract-verdict.fixture.ts";
import { test } from "../gateway.fixture.ts";

const schema = (json_schema: unknown): object => ({ response_format: { type: "json_schema", json_schema } });
const format = "response_format.json_schema";

const formats: readonly Row[] = [
  ["text", { response_format: { type: "text" } }],
  ["json_object", { response_format: { type: "json_object" } }],
  [
    "json_schema",
    schema({ name: "n", strict: true, schema: { type: "object", properties: { a: { type: ["string", "null"] } } } }),
  ],
  ["a schema without a schema", schema({ name: "n", strict: null })],
  ["null", { response_format: null }],
  ["a text in its place", { response_format: "json" }, "invalid_type", "response_format"],
  ["no type", { response_format: {} }, "missing_required_parameter", "response_format.type"],
  ["an unknown type", { response_format: { type: "sound" } }, "invalid_value", "response_format.type"],
  ["no json_schema", { response_format: { type: "json_schema" } }, "missing_required_parameter", format],
  ["no name", schema({ schema: {} }), "missing_required_parameter", `${format}.name`],
  ["a bad name", schema({ name: "bad name!" }), "invalid_value", `${format}.name`],
  ["a name of 65", schema({ name: "n".repeat(65) }), "string_above_max_length", `${format}.name`],
  ["a schema that is a text", schema({ name: "n", schema: "x" }), "invalid_type", `${format}.schema`],
  ["a type that is a number", schema({ name: "n", schema: { type: 123 } }), "invalid_type", `${format}.schema.type`],
  [
    "a type within that is unknown",
    schema({ name: "n", schema: { properties: { a: { type: "x" } } } }),
    "invalid_value",
    `${format}.schema.properties.a.type`,
  ],
];

test("the format of an answer is read, or refused by its code and its place", async ({ gateway }) => {
  await expectVerdicts(gateway, formats);
});
