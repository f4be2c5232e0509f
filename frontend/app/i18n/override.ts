/** Any part of the strings: objects may be given in part, texts and functions as a whole. */
export type Overrides<T> = { [Key in keyof T]?: T[Key] extends Say ? T[Key] : Overrides<T[Key]> };
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any parameters
type Say = string | ((...given: any[]) => string);

/** `base` with everything that `given` says in its own way. */
export function override<T extends object>(base: T, given: Overrides<T> | undefined): T {
  return given ? (merged(base as Group, given) as T) : base;
}

type Group = Record<string, unknown>;

function merged(base: Group, given: Group): Group {
  const made = { ...base };
  for (const [key, value] of Object.entries(given)) {
    const old = made[key];
    made[key] = isGroup(old) && isGroup(value) ? merged(old, value) : (value ?? old);
  }
  return made;
}

function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null;
}
