import { Client } from "ssh2";
import { messageOf, WikiferryError } from "../../errors";

/**
 * The key that a host shows, before anybody logs in: `ssh-ed25519 AAAA…`. Prefers Ed25519, as `ssh-keyscan` finds it.
 * @throws `SSH_UNREACHABLE`
 */
export async function scanHostKey(host: string, port: number, timeoutMs = 10_000): Promise<string> {
  const client = new Client();
  try {
    return await new Promise<string>((resolve, reject) => {
      client.once("error", reject);
      client.once("close", () => reject(new Error("the host closed the connection")));
      client.connect({
        host,
        port,
        username: "wikiferry",
        readyTimeout: timeoutMs,
        algorithms: {
          serverHostKey: ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsa-sha2-512"],
        },
        hostVerifier: (key: Buffer) => {
          // RFC 4253, 6.6: the blob begins with the name of its type.
          const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString();
          resolve(`${type} ${key.toString("base64")}`);
          return false;
        },
      });
    });
  } catch (error) {
    throw new WikiferryError(
      "SSH_UNREACHABLE",
      `no SSH connection to ${host}:${port} (${messageOf(error)})`,
      "See that the host is up, that the port is right and that no firewall blocks it",
      { cause: error },
    );
  } finally {
    client.on("error", () => {});
    client.end();
  }
}
