import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Address, SshTarget } from "../../move";
import { SshConnection } from "./connection";

/** The SSH connections of one run, one for each host, opened on first use and again after one broke. */
export class SshPool {
  private readonly open = new Map<string, Promise<SshConnection>>();

  constructor(private readonly privateKey: string) {}

  to(target: SshTarget): Promise<SshConnection> {
    const key = `${target.user}@${target.host}:${target.port}`;
    let connection = this.open.get(key);
    if (!connection) {
      connection = SshConnection.open(target, this.privateKey);
      this.open.set(key, connection);
      const forget = () => this.open.get(key) === connection && this.open.delete(key);
      connection.then((open) => open.onceClosed(forget), forget);
    }
    return connection;
  }

  /** A stream to an address, through its SSH host if it has one. */
  async stream(address: Address): Promise<Duplex> {
    if (address.via) return (await this.to(address.via)).forward(address.host, address.port);
    const socket = connect({ host: address.host, port: address.port });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    socket.setNoDelay(true);
    return socket;
  }

  async close(): Promise<void> {
    const connections = await Promise.allSettled(this.open.values());
    this.open.clear();
    for (const result of connections) if (result.status === "fulfilled") result.value.close();
  }
}
