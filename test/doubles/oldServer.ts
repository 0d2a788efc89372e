import type { AddressInfo, Server } from "node:net";
import mysql from "mysql2";

/** The part of mysql2's server side that its types omit. */
interface ServerConnection {
  serverHandshake(args: Record<string, unknown>): void;
  on(event: string, act: (sql: string) => void): void;
  writeOk(): void;
  writeTextResult(rows: object[], columns: object[]): void;
  _resetSequenceId(): void;
}

const column = (name: string) => ({
  catalog: "def",
  schema: "",
  table: "",
  orgTable: "",
  name,
  orgName: name,
  characterSet: 33,
  columnLength: 64,
  columnType: 253,
  flags: 0,
  decimals: 0,
});

/** A server of another kind or age: it speaks the protocol, accepts every login, and answers only its version. */
export async function startServerOfVersion(
  version: string,
): Promise<{ port: number; stop(): Promise<void> }> {
  const { createServer } = mysql as unknown as {
    createServer(): {
      on(event: "connection", act: (connection: ServerConnection) => void): void;
      _server: Server;
    };
  };
  const server = createServer();
  server.on("connection", (connection) => {
    const answer = (act: () => void) => {
      act();
      connection._resetSequenceId();
    };
    connection.on("error", () => {});
    connection.on("stmt_prepare", () => answer(() => connection.writeOk()));
    connection.on("query", (sql) =>
      answer(() =>
        /VERSION\(\)/i.test(sql)
          ? connection.writeTextResult([{ version }], [column("version")])
          : connection.writeOk(),
      ),
    );
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: version,
      connectionId: 1,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xffffff,
      authCallback: (_who: unknown, accept: (error: null) => void) => answer(() => accept(null)),
    });
  });
  await new Promise<void>((resolve) => server._server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server._server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server._server.close(() => resolve())),
  };
}
