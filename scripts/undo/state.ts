/** What `pulumi stack export` prints, as far as it matters here. */
export interface StackState {
  deployment: {
    resources?: StackResource[];
    pending_operations?: unknown[];
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

export interface StackResource {
  urn: string;
  type: string;
  parent?: string;
  protect?: boolean;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  deletedWith?: string;
  outputs?: Record<string, unknown>;
  [key: string]: unknown;
}

const dynamic = "pulumi-nodejs:dynamic/wikiferry:";
/** The one among them that puts nothing on blue: the certificate of green's database. */
const certificate = `${dynamic}Certificate`;

/** Whether a resource is one between blue and green that the engine keeps. */
export function isPromise({ type }: StackResource): boolean {
  return type.startsWith(dynamic) && type !== certificate;
}

export function resourcesOf(state: StackState): StackResource[] {
  return state.deployment.resources ?? [];
}

/**
 * The state without the resources between blue and green: they were taken back, and nobody is to be asked for them
 * again. Pure.
 * @param unprotect Whether what is left may be destroyed.
 */
export function withoutPromises(state: StackState, unprotect: boolean): StackState {
  const gone = new Set(
    resourcesOf(state)
      .filter(isPromise)
      .map(({ urn }) => urn),
  );
  return changed(state, (resource) => {
    if (gone.has(resource.urn)) return undefined;
    const { deletedWith, ...rest } = resource;
    const kept = withoutNames(rest, gone);
    return {
      ...kept,
      ...(deletedWith !== undefined && !gone.has(deletedWith) ? { deletedWith } : {}),
      ...(unprotect && resource.protect ? { protect: false } : {}),
    };
  });
}

function withoutNames(resource: StackResource, gone: ReadonlySet<string>): StackResource {
  const keep = (names: string[] | undefined) => names?.filter((name) => !gone.has(name));
  const { dependencies, propertyDependencies, ...rest } = resource;
  const properties = Object.entries(propertyDependencies ?? {}).map(([name, names]) => [
    name,
    keep(names) ?? [],
  ]);
  return {
    ...rest,
    ...(dependencies ? { dependencies: keep(dependencies) } : {}),
    ...(propertyDependencies ? { propertyDependencies: Object.fromEntries(properties) } : {}),
  };
}

/** What a repeated copy changes. The next `pulumi up` creates each again. */
const ofTheCopy = ["Copy", "Replication", "Watchdog", "Verification"].map((name) => `${dynamic}${name}`);

/** The state without the copy, the stream and the comparison. Pure. */
export function withoutCopy(state: StackState): StackState {
  return changed(state, (resource) =>
    ofTheCopy.includes(resource.type)
      ? { ...resource, outputs: { ...resource.outputs, inputsHash: "" } }
      : resource,
  );
}

/** An empty stack. Pure. */
export function emptied(state: StackState): StackState {
  return changed(state, () => undefined);
}

/** Operations that a killed run left pending are removed as well: every step can be repeated. */
function changed(
  state: StackState,
  each: (resource: StackResource) => StackResource | undefined,
): StackState {
  const { pending_operations: _, ...deployment } = state.deployment;
  const resources = resourcesOf(state).flatMap((resource) => each(resource) ?? []);
  return { ...state, deployment: { ...deployment, resources } };
}
