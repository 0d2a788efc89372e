import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, utils } from "ssh2";
import { freshKey } from "../../../engine/runtime/ssh/freshKey";
import { remoteCommand } from "../../../plugins/command/remote";
import type { Call } from "../../../plugins/sdk/resource";
import { Program } from "./program";

const operator = freshKey();
const hostKey = freshKey();
const otherHostKey = freshKey();
const password = `secret-${randomBytes(8).toString("hex")}`;

/** An SSH server that runs the given commands with sh, for the operator's key only. */
function sshServer(): Promise<Server> {
  const allowed = utils.parseKey(operator.public);
  if (allowed instanceof Error) throw allowed;
  const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (context) => {
      const known = context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH());
      if (!known || context.method !== "publickey") return context.reject(["publickey"]);
      if (
        context.signature &&
        context.blob &&
        !allowed.verify(context.blob, context.signature, context.hashAlgo)
      )
        return context.reject();
      context.accept();
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        const child = spawn("/bin/sh", ["-c", command]);
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        child.on("close", (code) => {
          channel.exit(code ?? 1);
          channel.end();
        });
      });
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** A path to a port that passes the answer on in large pieces, as a busy machine does. */
function gatheringProxy(port: number): Promise<NetServer> {
  const proxy = createServer((socket) => {
    const upstream = connect(port, "127.0.0.1");
    socket.on("error", () => upstream.destroy()).pipe(upstream);
    upstream.on("error", () => socket.destroy());
    let gathered: Buffer[] = [];
    upstream.on("data", (chunk) => {
      if (gathered.length === 0) {
        setTimeout(() => {
          socket.write(Buffer.concat(gathered));
          gathered = [];
        }, 150);
      }
      gathered.push(chunk);
    });
  });
  return new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(proxy)));
}

describe("commands by the offline command plugin", () => {
  let program: Program;
  let server: Server;
  let port: number;
  const files = mkdtempSync(join(tmpdir(), "wikiferry-command-"));

  const source = (greeting: string, key = hostKey.public, trigger = "1") => `
const command = require("@pulumi/command");
const pulumi = require("@pulumi/pulumi");
const local = new command.local.Command("local", {
  create: "cat > made; echo created; echo $WHO >&2",
  update: 'printf "%s then updated" "$PULUMI_COMMAND_STDOUT"',
  delete: "rm made",
  dir: "${files}",
  stdin: "${greeting}",
  environment: { WHO: "me" },
});
const remote = new command.remote.Command("remote", {
  connection: {
    host: "127.0.0.1", port: ${port}, user: "root", hostKey: ${JSON.stringify(key)},
    privateKey: pulumi.secret(${JSON.stringify(operator.private)}), dialErrorLimit: 0,
  },
  create: "cat; echo there",
  stdin: pulumi.secret("${password} "),
  triggers: ["${trigger}"],
});
exports.local = local.stdout;
exports.errors = local.stderr;
exports.remote = remote.stdout;
`;

  beforeAll(async () => {
    server = await sshServer();
    port = (server.address() as AddressInfo).port;
    program = await Program.make(source("hello"));
  });

  afterAll(async () => {
    try {
      await program?.close();
      expect(existsSync(join(files, "made"))).toBe(false);
    } finally {
      server?.close();
      rmSync(files, { recursive: true, force: true });
    }
  });

  test("create runs here and over SSH, with input, environment and both outputs", async () => {
    await program.up();
    expect(readFileSync(join(files, "made"), "utf8")).toBe("hello");
    expect(await program.outputs()).toEqual({ local: "created", errors: "me", remote: `${password} there` });
  });

  test("neither values derived from a secret nor the key are in the state", () => {
    const state = program.stateText();
    expect(state).not.toContain(password);
    expect(state).not.toContain(operator.private.split("\n")[1]);
  });

  test("a second up changes nothing", async () => {
    await program.up("--expect-no-changes");
  });

  test("update knows what the command printed before; a trigger replaces it", async () => {
    program.rewrite(source("goodbye", hostKey.public, "2"));
    expect(await program.up()).toMatch(/1 updated[\s\S]*1 replaced|1 replaced[\s\S]*1 updated/);
    expect((await program.outputs()).local).toBe("created then updated");
  });

  test("a different host key is refused, and nothing is sent", async () => {
    program.rewrite(source("goodbye", otherHostKey.public, "3"));
    const { code, text } = await program.attempt("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(text).toMatch(/a host key other than hostKey|no matching host key/);
    program.rewrite(source("goodbye", hostKey.public, "4"));
    await program.up();
  });

  test("an exit code that arrives together with the command's start is read", async () => {
    const proxy = await gatheringProxy(port);
    try {
      const wanted = {
        connection: {
          host: "127.0.0.1",
          port: (proxy.address() as AddressInfo).port,
          hostKey: hostKey.public,
          privateKey: operator.private,
        },
        create: "echo there",
      };
      const call = { log: () => {}, signal: new AbortController().signal } as unknown as Call<object>;
      expect(await remoteCommand.create(call, wanted)).toMatchObject({ outputs: { stdout: "there" } });
      await expect(remoteCommand.create(call, { ...wanted, create: "exit 3" })).rejects.toThrow(
        "ended with 3",
      );
    } finally {
      proxy.close();
    }
  });
});
