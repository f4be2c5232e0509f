import { lazy, useState, type ComponentType } from "react";

/** What did not load. React never asks a `lazy` again that has failed: there is another one for the next time. */
const failed = new Set<() => void>();

/** For who shows a failure, once it is shown: what did not load is then asked for again when it is wanted again. */
export function forgetFailed(): void {
  for (const forget of failed) forget();
  failed.clear();
}

/** A component that is loaded when it is shown, or before that by `load`: then it is there at once, without a pause. */
export function onDemand<Props extends object>(
  ask: () => Promise<{ default: ComponentType<Props> }>,
): { Component: ComponentType<Props>; load: () => Promise<unknown> } {
  let found: ComponentType<Props> | undefined;
  const load = async () => {
    try {
      const loaded = await ask();
      found = loaded.default;
      return loaded;
    } catch (reason) {
      failed.add(forget);
      throw reason;
    }
  };
  let later = lazy(load);
  const forget = () => {
    later = lazy(load);
  };
  function OnDemand(props: Props) {
    const [Shown] = useState<ComponentType<Props>>(() => found ?? later);
    return <Shown {...props} />;
  }
  return { Component: OnDemand, load };
}
