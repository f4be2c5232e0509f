import { lazy, type ComponentType } from "react";
import type { Strings } from "../i18n/en";
import AccountsSection from "./accounts/AccountsSection";

export interface Section {
  /** Its tab, its folder and the first part of its routes. */
  id: string;
  title: (strings: Strings) => string;
  Component: ComponentType;
}

/**
 * The tabs, in their order. The first one is shown first, so it is there at once: loaded by itself it would come a
 * request, a parse and React's pause between two placeholders (300 ms) later. The others are loaded when they are opened.
 */
export const sections: readonly [Section, ...Section[]] = [
  { id: "accounts", title: (s) => s.accounts.title, Component: AccountsSection },
  { id: "compose", title: (s) => s.compose.title, Component: lazy(() => import("./compose/ComposeSection")) },
  { id: "templates", title: (s) => s.templates.title, Component: lazy(() => import("./templates/TemplatesSection")) },
  { id: "history", title: (s) => s.history.title, Component: lazy(() => import("./history/HistorySection")) },
  {
    id: "suppressions",
    title: (s) => s.suppressions.title,
    Component: lazy(() => import("./suppressions/SuppressionsSection")),
  },
  { id: "webhooks", title: (s) => s.webhooks.title, Component: lazy(() => import("./webhooks/WebhooksSection")) },
  { id: "events", title: (s) => s.events.title, Component: lazy(() => import("./events/EventsSection")) },
  { id: "keys", title: (s) => s.keys.title, Component: lazy(() => import("./keys/KeysSection")) },
];
