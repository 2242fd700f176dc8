// Named here and not in the import map, whose packages a server's install would fetch.
export * from "npm:prom-client@15.1.3";
