import { useFormat } from "../../i18n/format";
import styles from "./history.module.css";

export interface Tile {
  name: string;
  value: number;
  note?: string;
}

/** A few numbers that say the most. */
export function Tiles({ label, items }: { label: string; items: readonly Tile[] }) {
  const { number } = useFormat();
  return (
    <dl className={styles.tiles} aria-label={label}>
      {items.map(({ name, value, note }) => (
        <div key={name} className={styles.tile}>
          <dt>{name}</dt>
          <dd>
            <strong>{number(value)}</strong>
            {note && <span className={styles.small}>{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
