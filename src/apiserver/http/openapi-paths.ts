import type { Exchange } from "./exchange.ts";

/**
 * An OpenAPI v2 document that says nothing (`swagger: "2.0"`, a title, a version), as protobuf: older kubectl insists on one
 * and leaves validation to the server when it finds no types in it.
 */
const EMPTY_V2 = Buffer.from("0a03322e3012070a014b12027631", "hex");
const V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** /openapi/v2 and /openapi/v3. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition */
export class OpenApiPaths {
  serve(exchange: Exchange, [version, ...rest]: readonly string[]): Promise<void> {
    if (version === "v2" && rest.length === 0)
      return exchange.send(200, { contentType: V2_TYPE, bytes: EMPTY_V2 }, { vary: "Accept-Encoding, Accept" });
    return exchange.sendText(404, "404 page not found\n");
  }
}
