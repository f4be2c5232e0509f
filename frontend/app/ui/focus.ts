/** Where the button that was pressed is gone, nothing has the keyboard: it goes there. Nowhere else is it taken from. */
export function focusIfLost(element: HTMLElement | null | undefined): void {
  const { activeElement: focused, body } = document;
  if (!focused || focused === body) element?.focus({ preventScroll: true });
}
