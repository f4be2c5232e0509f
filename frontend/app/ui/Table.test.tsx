import { render, screen } from "@testing-library/react";
import { Table } from "./Table";

const ROWS = [
  { id: "one", event: "order.paid" as string | null, count: 0 },
  { id: "two", event: null, count: 1 },
];

it("shows a dash for nothing, which narrow screens leave out; a zero is something", () => {
  render(
    <Table
      label="What came"
      rows={ROWS}
      rowId={(row) => row.id}
      rowText={(row) => row.id}
      columns={[
        { id: "id", title: "Id", isRowHeader: true, cell: (row) => row.id },
        { id: "event", title: "Event", cell: (row) => row.event },
        { id: "count", title: "Count", cell: (row) => row.count },
      ]}
    />,
  );
  const cells = screen.getAllByRole("gridcell");
  expect(cells.map((cell) => cell.textContent)).toEqual(["order.paid", "0", "–", "1"]);
  expect(cells.filter((cell) => cell.hasAttribute("data-empty"))).toEqual([cells[2]]);
});
