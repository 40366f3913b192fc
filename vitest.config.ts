import { defineConfig } from "vitest/config";

// The suffix of a test file is its tier: what it needs to run. The limits only end what hangs, on a machine as slow as may be.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          include: ["**/*.test.ts"],
          testTimeout: 30_000,
          exclude: [
            "**/node_modules/**",
            "**/*.pg.test.ts",
            "**/*.kube.test.ts",
            "**/*.e2e.test.ts",
            "**/*.cluster.test.ts",
            "**/*.cluster-full.test.ts",
            "**/*.clients.test.ts",
          ],
        },
      },
      {
        test: {
          name: "pg",
          include: ["**/*.pg.test.ts"],
          globalSetup: ["test/support/pg-global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "kube",
          include: ["**/*.kube.test.ts"],
          globalSetup: ["test/support/kube-global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["**/*.e2e.test.ts"],
          globalSetup: ["test/support/e2e-global-setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      // Lake clients in Python, out of its package index: not part of `make test`.
      {
        test: {
          name: "clients",
          include: ["**/*.clients.test.ts"],
          globalSetup: ["test/support/pg-global-setup.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      // On the cluster that STRW_CLUSTER_KUBECONFIG names; says what to set where there is none. The full tier has what is too
      // long for every push.
      ...["cluster", "cluster-full"].map((name) => ({
        test: {
          name,
          include: [`**/*.${name}.test.ts`],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      })),
    ],
  },
});
