import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { Strings } from "../i18n/en";

export interface Section {
  /** Its tab, its folder and the first part of its routes. */
  id: string;
  title: (strings: Strings) => string;
  /** Loaded when its tab is opened for the first time. */
  Component: LazyExoticComponent<ComponentType>;
}

/** The tabs, in their order. The first one is shown first. */
export const sections: readonly [Section, ...Section[]] = [
  { id: "accounts", title: (s) => s.accounts.title, Component: lazy(() => import("./accounts/AccountsSection")) },
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
