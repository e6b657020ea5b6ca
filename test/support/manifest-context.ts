import { type Config, readConfig } from "../../src/config.ts";
import { type Container, environmentOf, type Manifest, type Workload } from "./manifests.ts";

/** All objects of an overlay, and what makes Pods among them. */
export interface Context {
  readonly manifests: readonly Manifest[];
  readonly workloads: readonly Workload[];
}

/** One of them in view. */
export interface InWorkload extends Context {
  readonly workload: Workload;
}

/** One of its containers in view. */
export interface InContainer extends InWorkload {
  readonly container: Container;
}

/** The fault, if it is one. */
export const when = (wrong: boolean, fault: string) => (wrong ? [fault] : []);

/** The configuration that a container of rowpost runs with, if it has no fault. */
export function configOf(container: Container, manifests: readonly Manifest[]): Config | undefined {
  return readConfig(environmentOf(container, manifests)).config;
}
