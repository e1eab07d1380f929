import { expect, test } from "vitest";
import { familiarImageName, formatImageReference, parseImageReference } from "./image-reference.ts";

const hex = "a".repeat(64);

const names: readonly [string, string | undefined][] = [
  ["nginx", "docker.io/library/nginx:latest"],
  ["ftgo-restaurant-service:1.1.0.RELEASE", "docker.io/library/ftgo-restaurant-service:1.1.0.RELEASE"],
  ["team/app:2", "docker.io/team/app:2"],
  ["docker.io/library/nginx:1", "docker.io/library/nginx:1"],
  ["index.docker.io/nginx", "docker.io/library/nginx:latest"],
  ["localhost/app", "localhost/app:latest"],
  ["localhost:5000/a/b:x", "localhost:5000/a/b:x"],
  ["ghcr.io/a/b", "ghcr.io/a/b:latest"],
  [`nginx@sha256:${hex}`, `docker.io/library/nginx@sha256:${hex}`],
  [`nginx:1@sha256:${hex}`, `docker.io/library/nginx:1@sha256:${hex}`],
  ["a__b---c.d", "docker.io/library/a__b---c.d:latest"],
  ["Nginx", undefined],
  ["nginx:", undefined],
  ["nginx:a b", undefined],
  ["nginx@sha256:12", undefined],
  ["", undefined],
  ["a//b", undefined],
  ["a..b", undefined],
  [`${"a".repeat(256)}`, undefined],
];

test.each(names)("%s means %s", (text, want) => {
  const reference = parseImageReference(text);
  expect(reference && formatImageReference(reference)).toBe(want);
});

test("a full name parses to itself", () => {
  for (const [, full] of names) {
    if (full !== undefined) expect(formatImageReference(parseImageReference(full)!)).toBe(full);
  }
});

test.each([
  ["docker.io/library/nginx:1", "nginx:1"],
  ["docker.io/team/app:2", "team/app:2"],
  ["ghcr.io/a/b:3", "ghcr.io/a/b:3"],
])("people write %s as %s", (full, familiar) => expect(familiarImageName(full)).toBe(familiar));
