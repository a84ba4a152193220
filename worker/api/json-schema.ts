/** Schemas as JSON Schema, each under its name and converted once. What cannot be said in it is a mistake, and throws. */
import { type ConversionConfig, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";

export type JsonObject = Readonly<Record<string, unknown>>;

export type NamedSchemas = Readonly<Record<string, v.GenericSchema>>;

/** What is no part of a value's shape: rules over several fields, tidying up, numbers that JSON does not have anyway. */
const BESIDE_THE_SHAPE = ["check", "finite", "trim"];

/** For `components.schemas`. A schema within another is referred to by its name, where it has one. */
export function componentsOf(named: NamedSchemas): JsonObject {
  const options: ConversionConfig = {
    target: "draft-2020-12",
    typeMode: "input",
    errorMode: "throw",
    ignoreActions: BESIDE_THE_SHAPE,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    // JSON Schema's patterns have no flags: one that needs them is left out, and not made stricter than it is.
    overrideAction: ({ valibotAction, jsonSchema }) =>
      "requirement" in valibotAction &&
      valibotAction.requirement instanceof RegExp &&
      valibotAction.requirement.flags !== ""
        ? jsonSchema
        : null,
  };
  return toJsonSchemaDefs({ ...named }, options);
}

/** @returns how the schemas are referred to. It throws for one that has no name. */
export function referencesTo(named: NamedSchemas): (schema: v.GenericSchema) => JsonObject {
  const names = new Map(Object.entries(named).map(([name, schema]) => [schema, name]));
  return (schema) => {
    const name = names.get(schema);
    if (name === undefined) throw new Error(`A schema of the type ${schema.type} has no name in the description.`);
    return { $ref: `#/components/schemas/${name}` };
  };
}
