import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { Found, ShownPart } from "../console/shown";
import { useIntegration } from "../integration/context";
import styles from "./layout.module.css";

export interface MessageFrameProps {
  html: string;
  title: string;
  /** Pictures that the HTML names by their Content-ID. */
  parts?: readonly ShownPart[];
  /** Loads those from the web, too. */
  pictures?: boolean;
  /** Hears what was found in the message. */
  onFound?: (found: Found) => void;
}

interface Told {
  ready?: boolean;
  height?: number;
  found?: Found;
}

const NONE: readonly ShownPart[] = [];

/**
 * A message's HTML, as its readers see it, where it can do nothing. Looking at it counts as nothing, too: what is
 * elsewhere is not loaded, and links that are tracked lead nowhere.
 */
export function MessageFrame({ html, title, parts = NONE, pictures = false, onFound }: MessageFrameProps) {
  const { apiUrl } = useIntegration();
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(160);
  const [ready, setReady] = useState(false);
  const heard = useEffectEvent((event: MessageEvent<Told>) => {
    if (event.source !== frame.current?.contentWindow) return;
    if (event.data.ready) setReady(true);
    if (event.data.height) setHeight(Math.min(event.data.height, 4000));
    if (event.data.found) onFound?.(event.data.found);
  });
  useEffect(() => {
    const listen = (event: MessageEvent<Told>) => heard(event);
    window.addEventListener("message", listen);
    return () => {
      window.removeEventListener("message", listen);
    };
  }, []);
  useEffect(() => {
    // The frame has no origin to name.
    if (ready) frame.current?.contentWindow?.postMessage({ html, parts, pictures }, "*");
  }, [ready, html, parts, pictures]);
  return (
    <iframe
      ref={frame}
      title={title}
      src={`${apiUrl}/assets/frame.html${pictures ? "?pictures=web" : ""}`}
      sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"
      className={styles.frame}
      style={{ height }}
    />
  );
}
