/** A CEL rule as the API server takes it (`x-kubernetes-validations`). */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  /** Says the value too; `message` is what is said where it cannot be evaluated. */
  readonly messageExpression?: string;
  readonly fieldPath?: string;
}
