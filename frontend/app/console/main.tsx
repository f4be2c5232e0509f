import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Console } from "./Console";

const place = document.getElementById("app");
if (place)
  createRoot(place).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
