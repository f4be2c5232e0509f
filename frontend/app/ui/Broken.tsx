import { Component, type ReactNode } from "react";
import { forgetFailed } from "./onDemand";
import { ProblemNotice } from "./ProblemNotice";

/** A part of the page that fails leaves the others alone. */
export class Broken extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override componentDidCatch() {
    forgetFailed();
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return <ProblemNotice error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}
