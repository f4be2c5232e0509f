import { lazy, useState, type ComponentType } from "react";

/** A component that is loaded when it is shown, or before that by `load`: then it is there at once, without a pause. */
export function onDemand<Props extends object>(
  ask: () => Promise<{ default: ComponentType<Props> }>,
): { Component: ComponentType<Props>; load: () => Promise<unknown> } {
  let found: ComponentType<Props> | undefined;
  const load = async () => {
    const loaded = await ask();
    found = loaded.default;
    return loaded;
  };
  const Later = lazy(load);
  function OnDemand(props: Props) {
    const [Shown] = useState<ComponentType<Props>>(() => found ?? Later);
    return <Shown {...props} />;
  }
  return { Component: OnDemand, load };
}
