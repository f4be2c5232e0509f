import { useRef } from "react";
import { Form as AriaForm, type FormProps as AriaProps } from "react-aria-components/Form";

export interface FormProps extends Omit<AriaProps, "onSubmit" | "className" | "style"> {
  className?: string | undefined;
  /** What it does, until its promise settles. What that rejects with is shown by whoever keeps it, such as a mutation. */
  onSubmit: () => Promise<unknown> | undefined;
  /** Something else that it belongs to works: it does nothing meanwhile. */
  isPending?: boolean;
  ref?: React.Ref<HTMLFormElement>;
}

/**
 * A form that is submitted once at a time. A button that works takes no second press, but Enter in a field goes past it;
 * and two quick ones come before React has shown that anything works.
 */
export function Form({ className, onSubmit, isPending = false, ...props }: FormProps) {
  const running = useRef(false);
  return (
    <AriaForm
      {...props}
      className={className ?? ""}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation(); // a dialog's form may stand inside another one's component
        if (running.current || isPending) return;
        const work = onSubmit();
        if (!work) return;
        running.current = true;
        const end = () => {
          running.current = false;
        };
        void work.then(end, end);
      }}
    />
  );
}
