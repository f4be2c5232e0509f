import { useEffect, useState } from "react";

/** `value`, once it has stayed the same for a while. `name` tells two values apart. */
export function useDebounced<T>(value: T, name: string, milliseconds = 400): T {
  const [settled, setSettled] = useState({ value, name });
  useEffect(() => {
    if (name === settled.name) return;
    const timer = setTimeout(() => setSettled({ value, name }), milliseconds);
    return () => {
      clearTimeout(timer);
    };
  }, [value, name, settled.name, milliseconds]);
  return settled.value;
}
