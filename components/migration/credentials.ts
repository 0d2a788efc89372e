import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { dynamic } from "@pulumi/pulumi";
import type { Secrets } from "../../engine/move";
import { endWithEngine } from "../../plugins/sdk/lifeline";

type ConfigReader = dynamic.ConfigureRequest["config"];

/** The engine's secrets from the stack's config, in the provider's own process. `index.ts` has checked them before. */
export function credentialsFrom(config: ConfigReader): Secrets {
  watchEngine();
  const section = (name: string) =>
    JSON.parse(config.get(name) ?? "{}") as Record<string, Record<string, string> & string>;
  const ssh = section("ssh");
  const wiki = section("wiki");
  const keyFile = ssh.privateKeyFile ?? "";
  return {
    sshPrivateKey:
      ssh.privateKey || readFileSync(isAbsolute(keyFile) ? keyFile : join(process.cwd(), keyFile), "utf8"),
    blueAdminPassword: section("blue").database?.adminPassword ?? "",
    appPassword: wiki.appPassword ?? "",
    wikiSecretKey: wiki.secretKey ?? "",
    masterSecret: config.require("masterSecret"),
  };
}

let watched = false;

/** The dynamic provider's process serves several resources, and is configured for each. */
function watchEngine(): void {
  const engine = process.argv.at(-1) ?? "";
  if (watched || !process.argv[1]?.includes("dynamic-provider")) return;
  watched = true;
  endWithEngine(engine);
}
