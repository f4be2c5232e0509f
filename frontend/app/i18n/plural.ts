const english = new Intl.PluralRules("en");

/** The English form for a number: plural(2, { one: "1 message", other: "2 messages" }). */
export function plural(count: number, forms: { one: string; other: string }): string {
  return english.select(count) === "one" ? forms.one : forms.other;
}
