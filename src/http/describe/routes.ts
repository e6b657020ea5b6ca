import type { RouteDescriptions } from "./description.ts";
import { OWN } from "./own.ts";
import { UPDATES } from "./updates.ts";

/** What is said of each route. A test fails when a route is not here, or when there is no such route. */
export const DESCRIPTIONS: RouteDescriptions = { ...UPDATES, ...OWN };
