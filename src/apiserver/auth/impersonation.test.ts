import { describe, expect, test } from "vitest";
import { impersonatedUser } from "./impersonation.ts";

describe("impersonatedUser()", () => {
  test.each([
    ["nobody without headers", {}, undefined],
    ["a user", { "impersonate-user": "zoe" }, { username: "zoe", groups: ["system:authenticated"] }],
    [
      "a user of groups",
      { "impersonate-user": "zoe", "impersonate-group": "g, h" },
      { username: "zoe", groups: ["g", "h", "system:authenticated"] },
    ],
    [
      "a user with everything",
      { "impersonate-user": "zoe", "impersonate-uid": "7", "impersonate-extra-a%2fb": "x, y" },
      { username: "zoe", uid: "7", groups: ["system:authenticated"], extra: { "a/b": ["x", "y"] } },
    ],
    [
      "a service account with its groups",
      { "impersonate-user": "system:serviceaccount:a:robot" },
      {
        username: "system:serviceaccount:a:robot",
        groups: ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
      },
    ],
    [
      "the anonymous user",
      { "impersonate-user": "system:anonymous" },
      { username: "system:anonymous", groups: ["system:unauthenticated"] },
    ],
  ])("%s", (_, headers, want) => expect(impersonatedUser(headers as never)).toEqual(want));

  test("needs a name for the rest", () => {
    expect(() => impersonatedUser({ "impersonate-group": "x" })).toThrow(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"x"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
  });
});
