import { days, hasEvents, total } from "./series";

const row = (key: string | null, sends: number, events: Record<string, number> = {}) => ({
  key,
  sends,
  statuses: {},
  events,
});
const MARCH = [
  row("2027-03-02", 2, { opens: 1, bounces: 1 }),
  row("2027-03-01", 5, { opens: 3, clicks: 2, replies: 1 }),
];

it("draws the days in their order, with zeros where nothing happened", () => {
  expect(days({ stats: MARCH })).toEqual([
    { day: "2027-03-01", sends: 5, opens: 3, clicks: 2, replies: 1, bounces: 0 },
    { day: "2027-03-02", sends: 2, opens: 1, clicks: 0, replies: 0, bounces: 1 },
  ]);
});

it("adds the days up", () => {
  expect(total(days({ stats: MARCH }))).toEqual({ sends: 7, opens: 4, clicks: 2, replies: 1, bounces: 1 });
  expect(total([])).toEqual({ sends: 0, opens: 0, clicks: 0, replies: 0, bounces: 0 });
});

it("knows where events can't be told apart", () => {
  expect(hasEvents({ stats: MARCH })).toBe(true);
  expect(hasEvents({ stats: [row("2027-03-01", 5)] })).toBe(false);
});
