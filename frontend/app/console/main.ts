import { askEarly } from "../api/early";
import { start } from "./session";

/**
 * The first that runs, and little: it asks for the accounts, and lets the browser show what index.html holds before
 * the page's scripts keep it busy. They are on their way meanwhile (`preloaded` in vite.console.ts).
 */
const place = document.getElementById("app");
const session = start();
const early = askEarly(session.key, location.hash);
if (place) {
  shown()
    .then(() => import("./page"))
    .then(({ show }) => show(place, session, early))
    .catch(() => {
      place.textContent = "The page could not be loaded. Check your connection, and reload it.";
    });
}

function shown(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden)
      resolve(); // nothing is shown, for as long as nobody looks
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}
