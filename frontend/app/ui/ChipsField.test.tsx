import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { ChipsField } from "./ChipsField";

function Field({ start = [] }: { start?: string[] }) {
  const [value, setValue] = useState(start);
  const validate = (chip: string) => (chip.includes("@") ? null : `${chip} is no address.`);
  return <ChipsField label="To" value={value} onChange={setValue} validate={validate} />;
}

const field = () => screen.getByRole("textbox", { name: "To" });
const chips = () => screen.queryAllByRole("row").map((chip) => chip.textContent.replace("✕", ""));

it("makes chips of what is typed, separated and pasted", async () => {
  render(<Field />);
  await userEvent.type(field(), "a@x.io{Enter}b@x.io,");
  await userEvent.click(field());
  await userEvent.paste("c@x.io; d@x.io\na@x.io");
  expect(chips()).toEqual(["a@x.io", "b@x.io", "c@x.io", "d@x.io"]);
});

it("takes what was typed when the field is left", async () => {
  render(<Field />);
  await userEvent.type(field(), "a@x.io");
  await userEvent.tab();
  expect(chips()).toEqual(["a@x.io"]);
});

it("takes the last chip back with Backspace", async () => {
  render(<Field start={["a@x.io", "b@x.io"]} />);
  await userEvent.type(field(), "{Backspace}");
  expect(chips()).toEqual(["a@x.io"]);
});

it("keeps a wrong chip and says what is wrong with it", async () => {
  render(<Field />);
  await userEvent.type(field(), "nobody{Enter}");
  expect(chips()).toEqual(["nobody"]);
  expect(field()).toBeInvalid();
  expect(screen.getByText("nobody is no address.")).toBeVisible();
});
