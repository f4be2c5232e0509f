import { Menu as AriaMenu, MenuItem } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import type { MenuAction } from "./Menu";
import styles from "./overlays.module.css";

/** Where the focus starts; true: on the menu itself. */
export type MenuFocus = "first" | "last" | true;

/** What a Menu's button opens. */
export default function MenuList({
  trigger,
  labelledBy,
  actions,
  focus,
  isOpen,
  onClose,
}: {
  trigger: React.RefObject<HTMLElement | null>;
  labelledBy: string;
  actions: readonly MenuAction[];
  focus: MenuFocus;
  isOpen: boolean;
  onClose: () => void;
}) {
  return (
    <Popover
      triggerRef={trigger}
      trigger="MenuTrigger"
      placement="bottom start"
      aria-labelledby={labelledBy}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      className={styles.popover}
    >
      {/* eslint-disable-next-line jsx-a11y/no-autofocus -- a menu takes the focus, and gives it back */}
      <AriaMenu aria-labelledby={labelledBy} autoFocus={focus} onClose={onClose} className={styles.list}>
        {actions.map(({ id, label, onAction, tone = "normal", isDisabled = false }) => (
          <MenuItem
            key={id}
            id={id}
            onAction={onAction}
            isDisabled={isDisabled}
            className={styles.item}
            data-tone={tone}
          >
            {label}
          </MenuItem>
        ))}
      </AriaMenu>
    </Popover>
  );
}
