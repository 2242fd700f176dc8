/** Tools that the attacked server offers beside the built-in ones. */
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";

/** Takes a list; an attacker sends one with only wrong items. */
export const sum = defineTool({
  name: "sum",
  description: "Adds numbers",
  input: z.object({ values: z.array(z.number()) }),
  run: ({ values }) => String(values.reduce((a, b) => a + b, 0)),
});

/** Takes whatever members it is given. */
export const count_members = defineTool({
  name: "count_members",
  description: "Counts the members of its arguments",
  input: z.looseObject({}),
  run: (members) => String(Object.keys(members).length),
});
