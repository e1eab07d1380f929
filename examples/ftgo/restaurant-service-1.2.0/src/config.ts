import { property } from "./http.ts";

/** Since 1.2.0 prices have a currency, which must be configured: without FTGO_CURRENCY the service does not start. */
export const config: {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly currency: string;
} = {
  version: property("SERVICE_VERSION"),
  host: property("HOST", "127.0.0.1"),
  port: Number(property("PORT", "8080")),
  dataFolder: property("DATA_DIR"),
  currency: property("FTGO_CURRENCY"),
};
