import { Component, Suspense, type ReactNode } from "react";
import { sections } from "../sections";
import { ProblemNotice } from "../ui/ProblemNotice";
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

/** A section that fails leaves the others alone. */
class Broken extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return <ProblemNotice error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}
