import { describe, expect, it } from "vitest";
import { readAddress, splitAddresses } from "./addresses";

describe("what is typed into a field of addresses", () => {
  it.each([
    ["a@example.com", ["a@example.com"]],
    ["a@example.com, b@example.com", ["a@example.com", " b@example.com"]],
    ["a@example.com;b@example.com\nc@example.com", ["a@example.com", "b@example.com", "c@example.com"]],
    ['"Lovelace, Ada" <ada@example.com>', ['"Lovelace, Ada" <ada@example.com>']],
    ["a@example.com,", ["a@example.com", ""]],
    ['"Lovelace,', ['"Lovelace,']],
    ["", [""]],
  ])("is split at separators outside of quotes: %s", (text, parts) => {
    expect(splitAddresses(text).join("|")).toBe(parts.join("|"));
  });

  it.each([
    ["ada@example.com", { email: "ada@example.com" }],
    ["Ada Lovelace <ada@example.com>", { email: "ada@example.com", name: "Ada Lovelace" }],
    ['"Lovelace, Ada" <ada@example.com>', { email: "ada@example.com", name: "Lovelace, Ada" }],
    ["<ada@example.com>", { email: "ada@example.com" }],
    ["zoë@bücher.example", { email: "zoë@bücher.example" }],
    ["ada", null],
    ["ada@localhost", null],
    ["ada@@example.com", null],
    ["Ada <ada>", null],
    ["a b@example.com", null],
  ])("is read as an address, or not: %s", (text, found) => {
    expect(readAddress(text)).toEqual(found);
  });
});
