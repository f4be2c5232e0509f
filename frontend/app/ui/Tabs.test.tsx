import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { Tabs } from "./Tabs";

const items = [
  { id: "one", title: "One", content: <p>First</p> },
  { id: "two", title: "Two", content: <button type="button">Second</button> },
  { id: "three", title: "Three", content: <p>Third</p> },
];
const near = vi.fn();

function Shown() {
  const [selected, select] = useState("one");
  return <Tabs label="Parts" items={items} selected={selected} onSelect={select} onNear={near} />;
}

const tab = (name: string) => screen.getByRole("tab", { name });

it("goes from tab to tab by arrow keys, and shows one when it is chosen", async () => {
  render(<Shown />);
  await userEvent.tab();
  expect(tab("One")).toHaveFocus();
  await userEvent.keyboard("{ArrowRight}");
  expect(tab("Two")).toHaveFocus();
  expect(screen.getByRole("tabpanel", { name: "One" })).toHaveTextContent("First");
  await userEvent.keyboard("{Enter}");
  expect(tab("Two")).toHaveAttribute("aria-selected", "true");
  expect(screen.getByRole("tabpanel", { name: "Two" })).toHaveTextContent("Second");
  await userEvent.keyboard("{ArrowLeft}{ArrowLeft}");
  expect(tab("Three")).toHaveFocus();
  await userEvent.keyboard("{ArrowRight}");
  expect(tab("One")).toHaveFocus();
  await userEvent.keyboard("{End}");
  expect(tab("Three")).toHaveFocus();
  await userEvent.keyboard("{Home} ");
  expect(screen.getByRole("tabpanel", { name: "One" })).toBeVisible();
});

it("turns the arrow keys round where text runs from right to left", async () => {
  render(
    <>
      <style>{"button { direction: rtl }"}</style>
      <Shown />
    </>,
  );
  await userEvent.tab();
  await userEvent.keyboard("{ArrowLeft}");
  expect(tab("Two")).toHaveFocus();
});

it("is one stop on the way of the keyboard, and the panel one more where nothing in it takes the focus", async () => {
  render(<Shown />);
  await userEvent.tab();
  await userEvent.keyboard("{ArrowRight}");
  await userEvent.tab();
  expect(screen.getByRole("tabpanel")).toHaveFocus();
  await userEvent.tab({ shift: true });
  expect(tab("One")).toHaveFocus(); // the chosen one again
  await userEvent.click(tab("Two"));
  await userEvent.tab();
  expect(screen.getByRole("button", { name: "Second" })).toHaveFocus();
});

it("tells of a tab that may be chosen next", async () => {
  render(<Shown />);
  await userEvent.hover(tab("Three"));
  expect(near).toHaveBeenLastCalledWith("three");
});
