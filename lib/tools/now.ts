import * as z from "zod";
import { defineTool } from "../registry/tool.ts";

const timeZone = z.string().refine(isTimeZone, {
  error: 'Unknown time zone; use a name such as "Europe/Paris" or "UTC"',
});

/** Tells the time: a tool with an optional argument that is checked by a function. */
export const now = defineTool({
  name: "now",
  title: "Current time",
  description: "Tells the date and time, in UTC or in the time zone given",
  input: z.object({
    time_zone: timeZone.optional().describe(
      'IANA name such as "Europe/Paris"; UTC where left out',
    ),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ time_zone = "UTC" }) => {
    const format = new Intl.DateTimeFormat("en-CA", {
      timeZone: time_zone,
      dateStyle: "short",
      timeStyle: "long",
      hourCycle: "h23",
    });
    return format.format(new Date()).replace(", ", " ");
  },
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
