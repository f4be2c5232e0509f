import { Suspense } from "react";
import { sections } from "../sections";
import { Broken } from "../ui/Broken";
import { Tabs } from "../ui/Tabs";
import { Skeleton } from "../ui/Waiting";
import { useStrings } from "./context";
import { useConnectResults } from "./connect";
import { useRouting } from "./routing";

/** One tab for each section; each is loaded when it is opened. */
export function Sections() {
  const strings = useStrings();
  const { route, navigate } = useRouting();
  useConnectResults();
  const selected = sections.find((section) => section.id === route.section) ?? sections[0];
  const items = sections.map(({ id, title, Component: Shown }) => ({
    id,
    title: title(strings),
    content: (
      <Broken key={id}>
        <Suspense fallback={<Skeleton lines={5} />}>
          <Shown />
        </Suspense>
      </Broken>
    ),
  }));
  return (
    <Tabs
      label={strings.common.sections}
      items={items}
      selected={selected.id}
      onSelect={(id) => {
        if (id !== selected.id || route.rest.length) navigate(`/${id}`);
      }}
      onNear={(id) => {
        const near = sections.find((section) => section.id === id);
        near?.load?.().catch(() => undefined); // said when it is chosen
      }}
    />
  );
}

/** In a popup that could not close itself. */
export function Finished() {
  const strings = useStrings();
  return <p role="status">{strings.connecting.finished}</p>;
}
