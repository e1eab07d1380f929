import { property } from "./http.ts";

/** Configuration of the restaurant service, from the environment. */
export const config: {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
} = {
  version: property("SERVICE_VERSION"),
  host: property("HOST", "127.0.0.1"),
  port: Number(property("PORT", "8080")),
  dataFolder: property("DATA_DIR"),
};
