import type Docker from "dockerode";
import type { ContainerInputs } from "./containerInputs";
import { labelMap } from "./engine";

const nanoseconds: Record<string, number> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

/** A Go duration such as `1m30s` or `500ms`, in nanoseconds. */
export function durationNs(text: string): number {
  if (!/^((\d+(\.\d+)?)(h|ms|us|ns|m|s))+$/.test(text))
    throw new Error(`"${text}" is not a duration; write it like "5s", "1m30s" or "500ms"`);
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g))
    total += Number(amount) * (nanoseconds[unit ?? "ns"] ?? 1);
  return Math.round(total);
}

const bytes = (megabytes: number): number =>
  megabytes < 0 ? megabytes : Math.round(megabytes * 1024 * 1024);

function healthcheck(check: NonNullable<ContainerInputs["healthcheck"]>): Docker.HealthConfig {
  return {
    Test: check.tests ?? [],
    ...(check.interval && { Interval: durationNs(check.interval) }),
    ...(check.timeout && { Timeout: durationNs(check.timeout) }),
    ...(check.startPeriod && { StartPeriod: durationNs(check.startPeriod) }),
    ...(check.retries !== undefined && { Retries: check.retries }),
  };
}

type Mount = NonNullable<ContainerInputs["mounts"]>[number];

function mountSettings({ target, type, source, readOnly, ...options }: Mount): Docker.MountSettings {
  const { bindOptions, volumeOptions, tmpfsOptions } = options;
  return {
    Target: target,
    Type: type as Docker.MountType,
    Source: source ?? "",
    ReadOnly: readOnly ?? false,
    ...(bindOptions?.propagation && {
      BindOptions: { Propagation: bindOptions.propagation as Docker.MountPropagation },
    }),
    ...(volumeOptions && {
      VolumeOptions: {
        NoCopy: volumeOptions.noCopy ?? false,
        Labels: labelMap(volumeOptions.labels),
        DriverConfig: { Name: volumeOptions.driverName ?? "", Options: volumeOptions.driverOptions ?? {} },
      },
    }),
    ...(tmpfsOptions && {
      TmpfsOptions: { SizeBytes: tmpfsOptions.sizeBytes ?? 0, Mode: tmpfsOptions.mode ?? 0o1777 },
    }),
  };
}

/** A network's own settings for the container. */
export function endpoint(
  network: NonNullable<ContainerInputs["networksAdvanced"]>[number],
): Docker.EndpointSettings {
  return {
    Aliases: network.aliases ?? [],
    IPAMConfig: {
      ...(network.ipv4Address && { IPv4Address: network.ipv4Address }),
      ...(network.ipv6Address && { IPv6Address: network.ipv6Address }),
    },
  } as Docker.EndpointSettings;
}

/** What `docker update` can change. */
export function resources(wanted: ContainerInputs) {
  return {
    RestartPolicy: { Name: wanted.restart ?? "no", MaximumRetryCount: wanted.maxRetryCount ?? 0 },
    Memory: bytes(wanted.memory ?? 0),
    ...(wanted.memorySwap !== undefined && { MemorySwap: bytes(wanted.memorySwap) }),
    CpuShares: wanted.cpuShares ?? 0,
    CpusetCpus: wanted.cpuSet ?? "",
  };
}

/** Translates the program's inputs into the engine's API. */
export function createOptions(wanted: ContainerInputs): Docker.ContainerCreateOptions {
  const [first] = wanted.networksAdvanced ?? [];
  const ports = wanted.ports ?? [];
  const portKey = (port: (typeof ports)[number]) => `${port.internal}/${port.protocol ?? "tcp"}`;
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    bindings[portKey(port)] ??= [];
    bindings[portKey(port)]?.push({
      HostIp: port.ip ?? "0.0.0.0",
      HostPort: port.external ? String(port.external) : "",
    });
  }
  const volumes = wanted.volumes ?? [];
  const anonymous = volumes.filter(
    (volume) => volume.containerPath && !volume.volumeName && !volume.hostPath,
  );
  const binds = volumes
    .filter((volume) => volume.containerPath && (volume.volumeName || volume.hostPath))
    .map(
      (volume) =>
        `${volume.volumeName || volume.hostPath}:${volume.containerPath}:${volume.readOnly ? "ro" : "rw"}`,
    );
  const from = volumes.filter((volume) => volume.fromContainer);
  return {
    ...(wanted.name && { name: wanted.name }),
    Image: wanted.image,
    ...(wanted.command && { Cmd: wanted.command }),
    ...(wanted.entrypoints && { Entrypoint: wanted.entrypoints }),
    Env: wanted.envs ?? [],
    ...(wanted.user && { User: wanted.user }),
    ...(wanted.workingDir && { WorkingDir: wanted.workingDir }),
    ...(wanted.hostname && { Hostname: wanted.hostname }),
    ...(wanted.domainname && { Domainname: wanted.domainname }),
    Labels: labelMap(wanted.labels),
    Tty: wanted.tty ?? false,
    OpenStdin: wanted.stdinOpen ?? false,
    ...(wanted.stopSignal && { StopSignal: wanted.stopSignal }),
    ...(wanted.stopTimeout !== undefined && { StopTimeout: wanted.stopTimeout }),
    ...(wanted.healthcheck && { Healthcheck: healthcheck(wanted.healthcheck) }),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    Volumes: Object.fromEntries(anonymous.map((volume) => [volume.containerPath, {}])),
    HostConfig: {
      ...resources(wanted),
      ...(wanted.memoryReservation && { MemoryReservation: bytes(wanted.memoryReservation) }),
      ...(wanted.cpus && { NanoCpus: Math.round(Number(wanted.cpus) * 1e9) }),
      ...(wanted.shmSize && { ShmSize: bytes(wanted.shmSize) }),
      ReadonlyRootfs: wanted.readOnly ?? false,
      Privileged: wanted.privileged ?? false,
      ...(wanted.init !== undefined && { Init: wanted.init }),
      AutoRemove: wanted.rm ?? false,
      Tmpfs: wanted.tmpfs ?? {},
      SecurityOpt: wanted.securityOpts ?? [],
      CapAdd: wanted.capabilities?.adds ?? [],
      CapDrop: wanted.capabilities?.drops ?? [],
      Sysctls: wanted.sysctls ?? {},
      GroupAdd: wanted.groupAdds ?? [],
      Ulimits: (wanted.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      NetworkMode: first?.name ?? wanted.networkMode ?? "default",
      PortBindings: bindings,
      Dns: wanted.dns ?? [],
      ExtraHosts: (wanted.hosts ?? []).map(({ host, ip }) => `${host}:${ip}`),
      Binds: binds,
      VolumesFrom: from.map((volume) => `${volume.fromContainer}${volume.readOnly ? ":ro" : ""}`),
      Mounts: (wanted.mounts ?? []).map(mountSettings),
      ...(wanted.logDriver && { LogConfig: { Type: wanted.logDriver, Config: wanted.logOpts ?? {} } }),
    },
    ...(first && { NetworkingConfig: { EndpointsConfig: { [first.name]: endpoint(first) } } }),
  };
}
