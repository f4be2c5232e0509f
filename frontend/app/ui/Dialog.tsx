import { Dialog as AriaDialog, Heading } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useStrings } from "../integration/context";
import { Button } from "./Button";
import styles from "./overlays.module.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
  size?: "normal" | "wide";
  role?: "dialog" | "alertdialog";
  /** Only what is in it closes it: for what is shown once. */
  stays?: boolean;
}

/**
 * Over the page, for as long as it is rendered; Escape and a press beside it close it. Whoever opens it renders it, so that
 * each time is a new one: nothing that an earlier one still waits for closes it, and it shows nothing of what that one said.
 */
export function Dialog({ title, onClose, children, size = "normal", role = "dialog", stays = false }: DialogProps) {
  return (
    <ModalOverlay
      isOpen
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable={role === "dialog" && !stays}
      isKeyboardDismissDisabled={stays}
      className={styles.backdrop}
    >
      <Modal className={styles.modal} data-size={size}>
        <AriaDialog role={role} className={styles.dialog}>
          <Heading slot="title" className={styles.title}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons at the end of a dialog or a form: the one that goes on stands last. */
export function DialogButtons({ children }: { children: React.ReactNode }) {
  return <div className={styles.buttons}>{children}</div>;
}

export interface AlertDialogProps extends Omit<DialogProps, "role" | "size" | "stays"> {
  confirm: string;
  keep?: string;
  onConfirm: () => void;
  isPending?: boolean;
}

/**
 * Asks before what can't be undone. The focus starts on the harmless button. It stays while that is done: "Cancel" would say
 * that it is not.
 */
export function AlertDialog({ confirm, keep, onConfirm, isPending = false, children, ...props }: AlertDialogProps) {
  const strings = useStrings();
  return (
    <Dialog {...props} role="alertdialog" stays={isPending}>
      {children}
      <DialogButtons>
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- a dialog has to put the focus somewhere */}
        <Button autoFocus onPress={props.onClose} isDisabled={isPending}>
          {keep ?? strings.common.cancel}
        </Button>
        <Button kind="danger" onPress={onConfirm} isPending={isPending}>
          {confirm}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
