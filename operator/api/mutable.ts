/**
 * The mark of a field of `spec` that may be changed while the object exists: `.meta(mutable)`. Every field without it is
 * immutable: the generator of the CRD makes a CEL rule of it.
 */
export const mutable = { mutable: true } as const;
