import { useEffect, useRef } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components/Tabs";
import styles from "./Tabs.module.css";

const BESIDE = 48; // pixels: that there are more can be seen

export interface TabItem {
  id: string;
  title: string;
  content: React.ReactNode;
}

/** Only the chosen tab's content exists. The list scrolls sideways where there is no room. */
export function Tabs({
  label,
  items,
  selected,
  onSelect,
}: {
  label: string;
  items: readonly TabItem[];
  selected: string;
  onSelect: (id: string) => void;
}) {
  return (
    <AriaTabs selectedKey={selected} onSelectionChange={(key) => onSelect(String(key))} keyboardActivation="manual">
      <TabList aria-label={label} items={items} className={styles.list}>
        {(item) => (
          <Tab id={item.id} className={styles.tab}>
            {({ isSelected }) => <Title isSelected={isSelected}>{item.title}</Title>}
          </Tab>
        )}
      </TabList>
      {items.map((item) => (
        <TabPanel key={item.id} id={item.id} className={styles.panel}>
          {item.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}

/** Of the chosen tab it comes into view, where the list is wider than the window. */
function Title({ isSelected, children }: { isSelected: boolean; children: string }) {
  const title = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!isSelected) return;
    // After the focus, with which React Aria puts the list back to where it was last scrolled.
    const next = requestAnimationFrame(() => {
      const list = title.current?.closest("[role=tablist]");
      if (!title.current || !list) return;
      const { left, right } = title.current.getBoundingClientRect();
      const frame = list.getBoundingClientRect();
      if (left < frame.left) list.scrollLeft += left - frame.left - BESIDE;
      else if (right > frame.right) list.scrollLeft += right - frame.right + BESIDE;
    });
    return () => {
      cancelAnimationFrame(next);
    };
  }, [isSelected]);
  return <span ref={title}>{children}</span>;
}
