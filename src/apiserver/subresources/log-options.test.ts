import { describe, expect, test } from "vitest";
import { parseLogOptions } from "./log-options.ts";

const read = (query: string) => parseLogOptions(new URLSearchParams(query), "p");

describe("the options of a log", () => {
  test("pass on what the kubelet must know, and no more", () => {
    const options = read("container=main&follow=true&previous=false&timestamps=1&tailLines=5&limitBytes=7&pretty=true");
    expect(options).toMatchObject({ container: "main", follow: true });
    expect(options.query.toString()).toBe("follow=true&timestamps=true&tailLines=5&limitBytes=7");
  });

  test("may name a time", () => {
    expect(read("sinceTime=2026-01-02T03:04:05Z").query.get("sinceTime")).toBe("2026-01-02T03:04:05Z");
  });

  test.each<[query: string, message: string]>([
    ["tailLines=-1", 'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ["limitBytes=0", 'PodLogOptions "p" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
    [
      "sinceSeconds=0&tailLines=-1",
      'PodLogOptions "p" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, ' +
        "sinceSeconds: Invalid value: 0: must be greater than 0]",
    ],
    [
      "sinceSeconds=1&sinceTime=2026-01-02T03:04:05Z",
      'PodLogOptions "p" is invalid: : Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ["tailLines=few", 'strconv.ParseInt: parsing "few": invalid syntax'],
    [
      "sinceTime=yesterday",
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
  ])("%s is refused", (query, message) => {
    expect(() => read(query)).toThrow(message);
  });
});
