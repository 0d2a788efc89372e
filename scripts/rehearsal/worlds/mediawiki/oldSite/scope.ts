import { docker } from "../../../../common/docker";
import { rehearsalId } from "../../../../common/rehearsalId";
import { refuseStrangers, type Scope, thingsOn } from "../../../core/things";
import { containerOf, databaseVolume, roles, uploadsVolume } from "./hosts";
import { networkOf, worldLabel } from "./options";

/** An old site: its hosts, their volumes and the network. Kept copies of several checkouts lie beside each other. */
export const worldScope = (name: string): Scope => {
  const names = {
    container: roles.map((role) => containerOf(name, role)),
    volume: [databaseVolume(name), uploadsVolume(name)],
    network: [networkOf(name)],
  };
  return {
    label: { name: worldLabel, value: name },
    claims: ({ kind, name }) => names[kind].includes(name),
    code: "WORLD_NOT_OURS",
  };
};

/** @throws `WORLD_NOT_OURS` where something of that name exists that this checkout did not create */
export async function refuseForeignWorld(name: string): Promise<void> {
  refuseStrangers(await thingsOn(docker), worldScope(name), rehearsalId());
}
