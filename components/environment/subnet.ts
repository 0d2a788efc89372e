/** Addresses of an IPv4 network. */
export interface Subnet {
  /** As an account's host in MariaDB: `172.18.0.0/255.255.0.0`. */
  accountHost: string;
  /** The first one, which Docker assigns to the host. */
  first: string;
  /** The last one that a container can have. Docker assigns addresses from the low end. */
  last: string;
}

/** @param cidr such as `172.18.0.0/16` */
export function subnetOf(cidr: string): Subnet {
  const [network = "", bits = ""] = cidr.split("/");
  const mask = (2 ** 32 - 2 ** (32 - Number(bits))) % 2 ** 32;
  const base = numberOf(network) - (numberOf(network) % 2 ** (32 - Number(bits)));
  return {
    accountHost: `${textOf(base)}/${textOf(mask)}`,
    first: textOf(base + 1),
    last: textOf(base + 2 ** (32 - Number(bits)) - 2),
  };
}

const numberOf = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const textOf = (address: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
