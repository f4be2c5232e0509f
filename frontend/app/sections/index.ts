import type { ComponentType } from "react";
import type { Strings } from "../i18n/en";
import { onDemand } from "../ui/onDemand";
import AccountsSection from "./accounts/AccountsSection";

export interface Section {
  /** Its tab, its folder and the first part of its routes. */
  id: string;
  title: (strings: Strings) => string;
  Component: ComponentType;
  /** Begins to load it; absent where it is there at once. */
  load?: () => Promise<unknown>;
}

/**
 * The tabs, in their order. The first one is shown first, so it is there at once: loaded by itself it would come a
 * request, a parse and React's pause between two placeholders (300 ms) later. The others are loaded when they are opened,
 * or about to be.
 */
export const sections: readonly [Section, ...Section[]] = [
  { id: "accounts", title: (s) => s.accounts.title, Component: AccountsSection },
  loaded(
    "compose",
    (s) => s.compose.title,
    () => import("./compose/ComposeSection"),
  ),
  loaded(
    "templates",
    (s) => s.templates.title,
    () => import("./templates/TemplatesSection"),
  ),
  loaded(
    "history",
    (s) => s.history.title,
    () => import("./history/HistorySection"),
  ),
  loaded(
    "suppressions",
    (s) => s.suppressions.title,
    () => import("./suppressions/SuppressionsSection"),
  ),
  loaded(
    "webhooks",
    (s) => s.webhooks.title,
    () => import("./webhooks/WebhooksSection"),
  ),
  loaded(
    "events",
    (s) => s.events.title,
    () => import("./events/EventsSection"),
  ),
  loaded(
    "keys",
    (s) => s.keys.title,
    () => import("./keys/KeysSection"),
  ),
];

function loaded(id: string, title: Section["title"], load: () => Promise<{ default: ComponentType }>): Section {
  return { id, title, ...onDemand(load) };
}
