/** What the global setups hand to test files: plain data, read with vitest's `inject`. */
import type { PostgresAddress } from "../../stack/postgres.ts";

export interface PostgresTier extends PostgresAddress {
  /** The folder with DuckDB's extensions. */
  readonly duckdbExtensions: string;
  readonly logDir: string;
}

export interface KubeTier {
  /** Its user is in system:masters. */
  readonly kubeconfig: string;
  readonly url: string;
  /** The folder that holds kubectl. */
  readonly assets: string;
}

declare module "vitest" {
  interface ProvidedContext {
    postgres: PostgresTier;
    kube: KubeTier;
  }
}
