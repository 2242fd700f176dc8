/** Validation and listing. */
import * as z from "zod";
import { Catalog } from "../../lib/registry/catalog.ts";
import { validate } from "../../lib/registry/validation.ts";
import { echoTools } from "./servers/echo_tools.ts";

const SMALL = z.object({ message: z.string() });
const LARGE = z.object({
  title: z.string().min(1).max(100),
  tags: z.array(z.string()),
  size: z.object({ width: z.number().int(), height: z.number().int() }),
  kind: z.enum(["a", "b", "c"]).optional(),
});
const LARGE_VALUE = { title: "one", tags: ["x", "y", "z"], size: { width: 1, height: 2 } };
const catalog = new Catalog({ tools: echoTools(100) });

Deno.bench("validate(): one string", { group: "check", baseline: true }, () => {
  validate(SMALL, { message: "hello" });
});
Deno.bench("validate(): nested, with bounds", { group: "check" }, () => {
  validate(LARGE, LARGE_VALUE);
});
Deno.bench("validate(): a wrong value", { group: "check" }, () => {
  validate(SMALL, { message: 1 });
});

Deno.bench("a page of 100 tools", { group: "list", baseline: true }, () => {
  catalog.tools.page(undefined, 100);
});
Deno.bench("the same as JSON", { group: "list" }, () => {
  JSON.stringify(catalog.tools.page(undefined, 100).items.map(({ listing }) => listing));
});
