import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { render } from "@testing-library/react";
import { Button } from "react-aria-components/Button";
import { Dialog } from "react-aria-components/Dialog";
import { Modal } from "react-aria-components/Modal";

it("lets the styles through that React Aria puts into the page, by their hashes", () => {
  vi.spyOn(navigator, "platform", "get").mockReturnValue("iPhone"); // one of them is for its Safari only
  render(
    <>
      <Button>Press</Button>
      <Modal isOpen>
        <Dialog aria-label="Open">Text</Dialog>
      </Modal>
    </>,
  );
  const policy = readFileSync("../functions/edge/static.py", "utf8");
  const styles = [...document.head.querySelectorAll("style")].map((style) => style.textContent);
  expect(styles.length).toBeGreaterThan(0);
  for (const style of styles) {
    expect(policy).toContain(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  }
});
