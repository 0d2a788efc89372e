import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinnedSshOptions } from "../../../components/environment/green";
import { freshKey } from "../../../engine/runtime/ssh/freshKey";
import { engine } from "../../../plugins/docker/engine";
import { dockerOverSsh } from "../../support/dockerOverSsh";

const [host, operator, stranger] = [freshKey(), freshKey(), freshKey()];
const folder = mkdtempSync(join(tmpdir(), "wikiferry-ssh-"));
const identityFile = join(folder, "key");
let green: Awaited<ReturnType<typeof dockerOverSsh>>;

beforeAll(async () => {
  writeFileSync(identityFile, operator.private, { mode: 0o600 });
  green = await dockerOverSsh(host.private);
});

afterAll(async () => {
  await green?.close();
  rmSync(folder, { recursive: true });
});

const dockerAt = (sshOpts: string[]) => engine({ host: `ssh://root@127.0.0.1:${green.port}`, sshOpts });

/** What the vendor's plugin does: ssh's own command line, with a question to Docker as input. */
function bySsh(options: string[]): Promise<{ stdout: string; stderr: string }> {
  const words = [...options, "-F", "/dev/null", "-p", `${green.port}`, "-l", "root", "--", "127.0.0.1"];
  return new Promise((resolve) => {
    const ssh = execFile("ssh", [...words, "docker", "system", "dial-stdio"], (_error, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
    ssh.stdin?.on("error", () => {});
    ssh.stdin?.end("GET /_ping HTTP/1.0\r\n\r\n");
  });
}

describe("green's Docker engine over SSH", () => {
  test("both the offline plugin and ssh use the host with the pinned key", async () => {
    const options = pinnedSshOptions(host.public, identityFile);
    expect((await dockerAt(options).ping()).toString()).toBe("OK");
    expect((await bySsh(options)).stdout).toMatch(/^HTTP\/1.0 200 OK[\s\S]*OK$/);
  });

  test("neither sends anything to a host with a different key", async () => {
    const options = pinnedSshOptions(stranger.public, identityFile);
    await expect(dockerAt(options).ping()).rejects.toThrow(/host key|Host denied|verification failed/i);
    expect(await bySsh(options)).toMatchObject({
      stdout: "",
      stderr: expect.stringMatching(/Host key verification failed/),
    });
  });

  test("without a pinned key there is no connection, whatever else the options say", () => {
    expect(() => dockerAt(["-i", identityFile, "-o", "StrictHostKeyChecking=no"])).toThrow(
      /name no host key: set -o "KnownHostsCommand=/,
    );
  });
});
