import { Link as AriaLink } from "react-aria-components/Link";
import { useRouting } from "../integration/routing";
import styles from "./layout.module.css";

/** To another place of the component, such as "/history/snd_1". */
export function Link({ to, children }: { to: string; children: React.ReactNode }) {
  const { href, navigate } = useRouting();
  const address = href(to);
  return address === undefined ? (
    <AriaLink className={styles.link} onPress={() => navigate(to)}>
      {children}
    </AriaLink>
  ) : (
    <AriaLink className={styles.link} href={address}>
      {children}
    </AriaLink>
  );
}
