/** The operator as a process. */
import type { StackProcess } from "./processes.ts";
import { startProgram } from "./programs.ts";

export interface OperatorOptions {
  readonly kubeconfig: string;
  readonly metricsAddress: string;
  readonly namespaces?: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function startOperator(options: OperatorOptions): Promise<StackProcess> {
  return startProgram({
    name: "operator",
    main: "operator/main.ts",
    logFile: options.logFile,
    readyMessage: "operator is ready",
    env: {
      KUBECONFIG: options.kubeconfig,
      METRICS_ADDRESS: options.metricsAddress,
      ...(options.namespaces ? { WATCH_NAMESPACES: options.namespaces.join(",") } : {}),
      ...options.env,
    },
  });
}
