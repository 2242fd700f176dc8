/**
 * A look at JSON Schemas with 2020-12's own eyes: known keywords, each with a value of its kind.
 *
 * @module
 */
import { assert } from "@std/assert";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number";
const isBoolean: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0;
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isAny: Check = () => true;
const isSchema: Check = (value) => {
  assertSchema(value);
  return true;
};
const isSchemas: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isSchema);
const isSchemaMap: Check = (value) => isObject(value) && Object.values(value).every(isSchema);
const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];
const isType: Check = (value) => [value].flat().every((type) => TYPES.includes(type as string));
const isRegExp: Check = (value) => isText(value) && new RegExp(value as string, "u") !== undefined;

/** Keywords of the vocabularies core, applicator, validation, format, content and meta-data. */
const KEYWORDS: Readonly<Record<string, Check>> = {
  $schema: (value) => value === DIALECT,
  $id: isText,
  $ref: isText,
  $anchor: isText,
  $comment: isText,
  $defs: isSchemaMap,
  properties: isSchemaMap,
  patternProperties: isSchemaMap,
  additionalProperties: isSchema,
  propertyNames: isSchema,
  items: isSchema,
  prefixItems: isSchemas,
  contains: isSchema,
  allOf: isSchemas,
  anyOf: isSchemas,
  oneOf: isSchemas,
  not: isSchema,
  type: isType,
  enum: Array.isArray,
  const: isAny,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: isNumber,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  uniqueItems: isBoolean,
  pattern: isRegExp,
  required: isTexts,
  format: isText,
  contentEncoding: isText,
  contentMediaType: isText,
  title: isText,
  description: isText,
  default: isAny,
  examples: Array.isArray,
  deprecated: isBoolean,
  readOnly: isBoolean,
  writeOnly: isBoolean,
};

/** Fails when a value is not a schema of 2020-12, or has keywords that it does not know. */
export function assertSchema(schema: unknown): void {
  if (typeof schema === "boolean") return;
  assert(isObject(schema), `no schema: ${JSON.stringify(schema)}`);
  for (const [keyword, value] of Object.entries(schema)) {
    const check = KEYWORDS[keyword];
    assert(check !== undefined, `unknown keyword ${keyword}`);
    assert(check(value), `wrong ${keyword}: ${JSON.stringify(value)}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
