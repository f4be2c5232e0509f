import { filterPath, isFiltered, readFilters, toQuery } from "./filters";

const read = (query: string) => readFilters(new URLSearchParams(query));

describe("filters in the address", () => {
  it("come back as they were written", () => {
    const chosen = {
      q: "analytical engine & more",
      to: "grace+news@example.com",
      status: "failed",
      period: "7",
    } as const;
    const path = filterPath("/history", chosen);
    expect(read(path.slice(path.indexOf("?")))).toEqual(chosen);
  });

  it("leave an address without any alone", () => {
    expect(filterPath("/history", {})).toBe("/history");
    expect(isFiltered(read(""))).toBe(false);
  });

  it("are left out where the API would refuse them", () => {
    expect(read("status=lost&period=8&since=yesterday&q=+&unheard=of")).toEqual({});
  });

  it("have the usual period where the address says none", () => {
    expect(readFilters(new URLSearchParams("status=sent"), "30")).toEqual({ status: "sent", period: "30" });
    expect(readFilters(new URLSearchParams("period=7"), "30")).toEqual({ period: "7" });
    const since = "2027-03-01T00:00:00Z";
    expect(readFilters(new URLSearchParams({ since }), "30")).toEqual({ since });
  });

  it("take a period rather than two times", () => {
    expect(read("period=1&since=2027-03-01T00:00:00Z")).toEqual({ period: "1" });
  });
});

describe("a period", () => {
  it("begins at midnight where the reader is, and counts today", () => {
    const now = new Date(2027, 2, 10, 15, 30);
    expect(toQuery({ period: "1" }, now)).toEqual({ since: new Date(2027, 2, 10).toISOString() });
    expect(toQuery({ period: "30", status: "sent" }, now)).toEqual({
      status: "sent",
      since: new Date(2027, 1, 9).toISOString(),
    });
  });

  it("is not needed", () => {
    const given = { q: "hello", until: "2027-03-01T00:00:00Z" };
    expect(toQuery(given, new Date())).toEqual(given);
  });
});
