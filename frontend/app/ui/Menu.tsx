import { Suspense, useId, useRef, useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import buttons from "./Button.module.css";
import type { MenuFocus } from "./MenuList";
import { onDemand } from "./onDemand";
import { useSoon } from "./soon";

export interface MenuAction {
  id: string;
  label: string;
  onAction: () => void;
  tone?: "normal" | "danger";
  isDisabled?: boolean;
}

const { Component: MenuList, load } = onDemand(() => import("./MenuList"));
const KEYS: Partial<Record<string, MenuFocus>> = { Enter: "first", " ": "first", ArrowDown: "first", ArrowUp: "last" };

/**
 * A button with further actions. `label` is read out where `children` is only a sign. What opens is loaded when nothing
 * else is to be done: a page shows many such buttons at once, and few of them are pressed.
 */
export function Menu({
  label,
  actions,
  children = "⋯",
  kind = "quiet",
}: {
  label: string;
  actions: readonly MenuAction[];
  children?: React.ReactNode;
  kind?: "primary" | "quiet";
}) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [starts, setStarts] = useState<MenuFocus | null>(null); // null: it was not opened yet
  useSoon(load);
  const open = (focus: MenuFocus) => {
    button.current?.focus(); // comes back to it in the end
    setStarts(focus);
    setOpen(true);
  };
  return (
    <>
      <AriaButton
        ref={button}
        id={id}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        preventFocusOnPress
        className={buttons.button}
        data-kind={kind}
        // As a native menu: by a mouse when it goes down, by a finger when it goes up.
        onPressStart={({ pointerType }) => {
          if (pointerType !== "touch" && pointerType !== "keyboard") open(pointerType === "virtual" ? "first" : true);
        }}
        onPress={({ pointerType }) => {
          if (pointerType === "touch") open(true);
        }}
        onKeyDown={(event) => {
          const focus = KEYS[event.key];
          if (!focus) return;
          event.preventDefault();
          open(focus);
        }}
      >
        {children}
      </AriaButton>
      {starts !== null && (
        <Suspense>
          <MenuList
            trigger={button}
            labelledBy={id}
            actions={actions}
            focus={starts}
            isOpen={isOpen}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}
