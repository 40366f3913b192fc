/** The templates of the generator. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  BUILD_TIMEOUT_MS,
  type Container,
  environmentOf,
  find,
  haveHelm,
  type Manifest,
  namesOf,
  podOf,
} from "./chart.ts";
import { NAME, renderData } from "./pg-trickle-pod.ts";

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

describe("the generator", () => {
  it("gets BATCH_SIZE and INTERVAL_MS", async () => {
    const manifests = await renderData({
      generator: { batchSize: 7, intervalMs: 9, args: ["--scenario", "corrupted"] },
    });
    const generator = podOf(find(manifests, "Deployment", `${NAME}-generator`))?.spec.containers[0] as Container;
    expect(environmentOf(generator)).toMatchObject({ BATCH_SIZE: "7", INTERVAL_MS: "9" });
    expect(generator["args"]).toEqual(["--scenario", "corrupted"]);
  });

  it("gets extraEnv and priorityClassName, and starts anew with another password", async () => {
    const extraEnv = [{ name: "HTTPS_PROXY", value: "http://proxy:3128" }];
    const generatorIn = (manifests: readonly Manifest[]) => {
      const pod = podOf(find(manifests, "Deployment", `${NAME}-generator`));
      return { ...pod?.spec, checksum: JSON.stringify(pod?.metadata["annotations"]) };
    };
    const first = generatorIn(await renderData({ generator: { extraEnv, priorityClassName: "low" } }));
    expect(first).toMatchObject({ priorityClassName: "low" });
    expect(environmentOf(first.containers?.[0] as Container)["HTTPS_PROXY"]).toBe("http://proxy:3128");
    expect(first.checksum).toMatch(/^{"checksum\/connection":"[0-9a-f]{64}"}$/);
    expect(generatorIn(await renderData({ generator: { extraEnv } })).checksum).not.toBe(first.checksum);
  });

  it("is not there if it is not wanted, or has nowhere to write", async () => {
    for (const values of [{ generator: { enabled: false } }, { pgTrickle: { enabled: false } }]) {
      expect(namesOf(await renderData(values))).not.toContain(`Deployment ${NAME}-generator`);
    }
  });
});
