// Named here and not in the import map, whose packages a server's install would fetch.
export * from "npm:eventsource-parser@4.1.3";
