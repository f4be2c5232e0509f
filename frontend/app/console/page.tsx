import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Early } from "../api/early";
import { Console } from "./Console";
import type { Session } from "./session";

/** Puts the page below its heading, in the place of what index.html has there. */
export function show(place: HTMLElement, session: Session, early: Early): void {
  createRoot(place).render(
    <StrictMode>
      <Console session={session} early={early} />
    </StrictMode>,
  );
}
