/** One step of a ReleasePolicy: a weight to hold until enough requests or time have passed, or a stop until `promote`. */
export type ReleaseStep =
  | { readonly weight: number; readonly requests?: number; readonly for?: string }
  | { readonly pause: { readonly for?: string } };
