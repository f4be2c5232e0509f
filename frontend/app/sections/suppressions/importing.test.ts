import { filtersOf, pathOf } from "./filters";
import { listFile, wrongLines } from "./importing";

describe("a list", () => {
  it("is NDJSON where its first line is an object, else CSV", () => {
    expect(listFile('\n{"address": "a@example.com"}\n').type).toBe("application/x-ndjson");
    expect(listFile("address,reason\na@example.com,manual\n").type).toBe("text/csv");
    expect(listFile("a@example.com\nb@example.com").type).toBe("text/csv");
  });

  it("that was refused names its wrong lines in their order", () => {
    const errors = { "/line/17/address": "No address.", "/line/3/reason": "Unknown.", "": "Nothing was written." };
    expect(wrongLines({ errors })).toEqual([
      { line: 3, detail: "Unknown." },
      { line: 17, detail: "No address." },
    ]);
  });
});

describe("filters in the address", () => {
  it("come back as they were written", () => {
    const filters = { reason: "manual", address: "ada+news@example.com" } as const;
    const path = pathOf(filters);
    expect(filtersOf(new URLSearchParams(path.slice(path.indexOf("?"))))).toEqual(filters);
  });

  it("are left out where the API would refuse them", () => {
    expect(filtersOf(new URLSearchParams("reason=bored&address=+"))).toEqual({});
    expect(pathOf({ reason: undefined, address: undefined })).toBe("/suppressions");
  });
});
