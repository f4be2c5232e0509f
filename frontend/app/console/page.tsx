import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Early } from "../api/early";
import { refuseFiles } from "../ui/dropped";
import { Console } from "./Console";
import type { Session } from "./session";

/** Puts the page below its heading, in the place of what index.html has there. */
export function show(place: HTMLElement, session: Session, early: Early): void {
  for (const kind of ["dragover", "drop"] as const) document.addEventListener(kind, refuseFiles);
  createRoot(place).render(
    <StrictMode>
      <Console session={session} early={early} />
    </StrictMode>,
  );
}
