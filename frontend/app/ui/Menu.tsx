import { Button as AriaButton } from "react-aria-components/Button";
import { Menu as AriaMenu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import buttons from "./Button.module.css";
import styles from "./overlays.module.css";

export interface MenuAction {
  id: string;
  label: string;
  onAction: () => void;
  tone?: "normal" | "danger";
  isDisabled?: boolean;
}

/** A button with further actions. `label` is read out where `children` is only a sign. */
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
  return (
    <MenuTrigger>
      <AriaButton aria-label={label} className={buttons.button} data-kind={kind}>
        {children}
      </AriaButton>
      <Popover className={styles.popover}>
        <AriaMenu className={styles.list}>
          {actions.map(({ id, label: text, onAction, tone = "normal", isDisabled = false }) => (
            <MenuItem
              key={id}
              id={id}
              onAction={onAction}
              isDisabled={isDisabled}
              className={styles.item}
              data-tone={tone}
            >
              {text}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
