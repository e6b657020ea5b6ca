import { type Figures, figures } from "./figures.ts";
import type { HpaSpec } from "./hpa.ts";
import type { Scenario } from "./scenarios.ts";
import { simulate } from "./simulate.ts";

/** What the tables and plots are made with. */
export const SEED = 1;

const known = new WeakMap<Scenario, WeakMap<HpaSpec, Figures>>();

/** The figures of a scenario under an HPA; simulated once. */
export function figuresOf(scenario: Scenario, spec: HpaSpec): Figures {
  const ofScenario = known.get(scenario) ?? new WeakMap<HpaSpec, Figures>();
  known.set(scenario, ofScenario);
  const found = ofScenario.get(spec) ?? figures(simulate(scenario, spec, SEED));
  ofScenario.set(spec, found);
  return found;
}
