import { join } from "node:path";
import type { Side } from "../../../../../engine/move";
import { put, run } from "../../../../common/docker";
import { toolImage } from "../../../toolImage";
import type { Lab } from "../../lab";
import type { Peer } from "../peer";
import { followPlainly, peerAccount } from "../plainReplication";

/** An account with all privileges, from anywhere, as MHA requires. */
const account = "bench_mha";

/**
 * MHA 0.58 from Debian's packages: `masterha_master_switch --master_state=alive`, with the old primary becoming the new
 * one's replica. Its hook closes and opens the databases and turns the gate.
 * https://github.com/yoshinorim/mha4mysql-manager/wiki/masterha_master_switch
 */
export async function mha(lab: Lab): Promise<Peer> {
  const { pair } = lab;
  const manager = await startManager(lab);
  return {
    name: "MHA",
    async prepare() {
      for (const server of [pair.blue, pair.green]) {
        const own = await server.sessionWithoutBinlog();
        await own.run("CREATE USER ?@'%' IDENTIFIED BY ?", [account, pair.replicationPassword]);
        await own.run("GRANT ALL ON *.* TO ?@'%' WITH GRANT OPTION", [account]);
      }
      await followPlainly(lab, "blue");
    },
    async flip(_from: Side, to: Side) {
      await run(manager, [
        "masterha_master_switch",
        "--conf=/etc/mha.cnf",
        "--master_state=alive",
        `--new_master_host=${pair[to].place.replication.host}`,
        "--orig_master_is_new_slave",
        "--interactive=0",
      ]);
    },
  };
}

/** A container in which MHA waits to be called, with its access data. */
async function startManager({ pair, world, gateContainer, gatePassword }: Lab): Promise<string> {
  const image = await toolImage(world.docker, {
    name: "bench-mha",
    tool: "MHA",
    folder: join(__dirname, "image"),
    packages: "packages mha4mysql-*",
  });
  const { name } = await world.run("mha", image, {
    HostConfig: { NetworkMode: pair.network.name, Init: true },
  });
  await put(name, [
    {
      path: "/etc/mha.cnf",
      content: `[server default]
user=${account}
password=${pair.replicationPassword}
repl_user=${peerAccount}
repl_password=${pair.replicationPassword}
manager_workdir=/tmp
master_ip_online_change_script=online-change
[server1]
hostname=${pair.blue.place.replication.host}
[server2]
hostname=${pair.green.place.replication.host}
`,
    },
    { path: "/root/.my.cnf", content: `[client]\nuser=${account}\npassword=${pair.replicationPassword}\n` },
    { path: "/root/gate", content: `host=${gateContainer}\npassword=${gatePassword}\n` },
  ]);
  return name;
}
