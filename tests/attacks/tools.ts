/** Tools that the attacked server offers beside the built-in ones. */
import * as z from "zod";
import { definePrompt, defineResourceTemplate, defineTool } from "../../lib/mod.ts";

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

/** Templates of several forms, which a URI is compared with one after the other. */
export const templates = ["{+path}", "a/{one}/{two}/{three}", "b/{list*}", "c/{one}-{two}{?three}"]
  .map((rest, at) =>
    defineResourceTemplate({
      uriTemplate: `test://${at}/${rest}`,
      name: `template ${at}`,
      complete: Object.fromEntries(
        [...rest.matchAll(/\w{3,}/g)].map(([name]) => [name, () => ["one", "two"]]),
      ),
      read: () => "read",
    })
  );

export const write_letter = definePrompt({
  name: "write_letter",
  arguments: z.object({ to: z.string(), from: z.string().optional() }),
  complete: { to: () => ["Ada", "Grace"] },
  run: ({ to }) => `Write to ${to}`,
});
