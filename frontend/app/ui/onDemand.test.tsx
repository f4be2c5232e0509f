import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { en } from "../i18n/en";
import { IntegrationContext, type Integration } from "../integration/context";
import { Broken } from "./Broken";
import { onDemand } from "./onDemand";

it("is asked for again where it did not load, by who tries again and by who comes back", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // React tells of what a boundary caught
  const ask = vi.fn<() => Promise<{ default: () => string }>>(() => Promise.reject(new TypeError("Failed to fetch")));
  const { Component } = onDemand(ask);
  const page = (key: string) => (
    <IntegrationContext value={{ strings: en } as Integration}>
      <Broken key={key}>
        <Suspense>
          <Component />
        </Suspense>
      </Broken>
    </IntegrationContext>
  );
  const { rerender } = render(page("first"));
  expect(await screen.findByRole("alert")).toHaveTextContent("reload the page");
  expect(ask).toHaveBeenCalledTimes(1);
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("alert")).toBeVisible();
  expect(ask).toHaveBeenCalledTimes(2);
  ask.mockResolvedValue({ default: () => "Here it is" });
  rerender(page("second"));
  expect(await screen.findByText("Here it is")).toBeVisible();
});
