import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import styles from "./Tabs.module.css";

const BESIDE = 48; // pixels: that there are more can be seen
const TABBABLE =
  ":is(a[href], button, input, select, textarea, iframe, summary, [tabindex], [contenteditable=true])" +
  ":not([tabindex='-1'], :disabled, [type=hidden])";

export interface TabItem {
  id: string;
  title: string;
  content: React.ReactNode;
}

/**
 * Only the chosen tab's content exists. The list scrolls sideways where there is no room. Arrow keys go from tab to tab,
 * Enter and the space bar choose one (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/, with manual activation).
 * `onNear`: somebody may be about to choose it.
 */
export function Tabs({
  label,
  items,
  selected,
  onSelect,
  onNear,
}: {
  label: string;
  items: readonly TabItem[];
  selected: string;
  onSelect: (id: string) => void;
  onNear?: (id: string) => void;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  useInSight(list, selected);
  const chosen = items.find((item) => item.id === selected);

  const walk = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const tabs = [...(list.current?.children ?? [])] as HTMLElement[];
    const to = target(event.key, tabs);
    if (!to) return;
    event.preventDefault();
    to.focus();
  };
  return (
    <div>
      {/* eslint-disable-next-line jsx-a11y/interactive-supports-focus -- its tabs have the focus */}
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        aria-orientation="horizontal"
        className={styles.list}
        onKeyDown={walk}
        onBlur={() => setFocused(null)}
      >
        {items.map((item) => (
          <button
            key={item.id}
            type="button"
            role="tab"
            id={`${id}-${item.id}`}
            aria-selected={item.id === selected}
            aria-controls={item.id === selected ? `${id}-panel` : undefined}
            tabIndex={item.id === (focused ?? chosen?.id) ? 0 : -1}
            className={styles.tab}
            onClick={() => onSelect(item.id)}
            onFocus={() => {
              setFocused(item.id);
              onNear?.(item.id);
            }}
            onPointerEnter={() => onNear?.(item.id)}
          >
            {item.title}
          </button>
        ))}
      </div>
      {chosen && (
        <Panel key={chosen.id} id={`${id}-panel`} tab={`${id}-${chosen.id}`}>
          {chosen.content}
        </Panel>
      )}
    </div>
  );
}

/** Where a key leads to from the tab that has the focus. */
function target(key: string, tabs: readonly HTMLElement[]): HTMLElement | undefined {
  const [first] = tabs;
  if (!first) return undefined;
  const at = tabs.findIndex((tab) => tab === tab.ownerDocument.activeElement);
  const forth = getComputedStyle(first).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (key === "Home") return first;
  if (key === "End") return tabs.at(-1);
  if (key === "ArrowLeft" || key === "ArrowRight")
    return tabs[(at + (key === forth ? 1 : -1)) % tabs.length] ?? tabs.at(-1);
  return undefined;
}

/** One can always come into it with the keyboard, also where nothing in it takes the focus. */
function Panel({ id, tab, children }: { id: string; tab: string; children: React.ReactNode }) {
  const panel = useRef<HTMLDivElement>(null);
  const [isPlain, setPlain] = useState(false);
  useLayoutEffect(() => {
    const shown = panel.current;
    if (!shown) return;
    const look = () => setPlain(!shown.querySelector(TABBABLE));
    look();
    const changes = new MutationObserver(look);
    changes.observe(shown, {
      subtree: true,
      childList: true,
      attributeFilter: ["tabindex", "disabled", "contenteditable"],
    });
    return () => {
      changes.disconnect();
    };
  }, []);
  return (
    <div
      ref={panel}
      role="tabpanel"
      id={id}
      aria-labelledby={tab}
      {...(isPlain ? { tabIndex: 0 } : {})}
      className={styles.panel}
    >
      {children}
    </div>
  );
}

/** The chosen tab comes into view, where the list is wider than the window. */
function useInSight(list: React.RefObject<HTMLElement | null>, selected: string): void {
  useEffect(() => {
    // After the focus, with which a browser scrolls by itself.
    const next = requestAnimationFrame(() => {
      const tab = list.current?.querySelector("[aria-selected=true]");
      if (!list.current || !tab) return;
      const { left, right } = tab.getBoundingClientRect();
      const frame = list.current.getBoundingClientRect();
      if (left < frame.left) list.current.scrollLeft += left - frame.left - BESIDE;
      else if (right > frame.right) list.current.scrollLeft += right - frame.right + BESIDE;
    });
    return () => {
      cancelAnimationFrame(next);
    };
  }, [list, selected]);
}
