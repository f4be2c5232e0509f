import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Form } from "./Form";

/** A form with one text field, which Enter submits whatever its button is. */
function shown(onSubmit: () => Promise<unknown> | undefined, isPending = false) {
  render(
    <Form onSubmit={onSubmit} isPending={isPending}>
      <input aria-label="To" />
      <button type="button">Working…</button>
    </Form>,
  );
  return () => userEvent.type(screen.getByRole("textbox"), "{Enter}");
}

it("does nothing when Enter is pressed while it works, and works again afterwards", async () => {
  let finish = () => {};
  const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  const enter = shown(work);
  await enter();
  await enter();
  expect(work).toHaveBeenCalledTimes(1);
  await act(async () => {
    finish();
    await Promise.resolve();
  });
  await enter();
  expect(work).toHaveBeenCalledTimes(2);
});

it("can be submitted again after it failed, and after there was nothing to do", async () => {
  const work = vi.fn<() => Promise<unknown> | undefined>(() => undefined);
  const enter = shown(work);
  await enter();
  work.mockImplementation(() => Promise.reject(new Error("refused")));
  await enter();
  await enter();
  expect(work).toHaveBeenCalledTimes(3);
});

it("does nothing while something else of it works", async () => {
  const work = vi.fn(() => undefined);
  await shown(work, true)();
  expect(work).not.toHaveBeenCalled();
});
