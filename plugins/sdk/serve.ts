import * as grpc from "@grpc/grpc-js";
import * as engineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engineProto from "@pulumi/pulumi/proto/engine_pb";
import * as pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import * as providerRpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as errorProto from "@pulumi/pulumi/proto/provider_pb";
import * as statusProto from "@pulumi/pulumi/proto/status_pb";
import * as anyProto from "google-protobuf/google/protobuf/any_pb";
import * as emptyProto from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { changesOf, type Failure, failuresOf, isAutoNamed, withDefaults } from "./check";
import { endWithEngine } from "./lifeline";
import { type Call, InitializationError, type ProviderDefinition, type ResourceType } from "./resource";
import { type Bag, plain, present, same, seal, unknown } from "./values";

// `main` of @pulumi/pulumi/provider keeps the provider's configuration, secrets and the preview flag to itself: it
// answers CheckConfig with UNIMPLEMENTED and drops Configure's arguments. So this file serves the same protocol from
// the same generated classes.

const proto = errorProto;

const toBag = (struct: Struct | undefined): Bag => (struct?.toJavaScript() ?? {}) as Bag;
const plainBag = (bag: Bag): Bag => plain(bag) as Bag;
const toStruct = (bag: Bag): Struct =>
  Struct.fromJavaScript(present(bag) as { [key: string]: JavaScriptValue });

const typeIn = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

function failureMessages(failures: Failure[]) {
  return failures.map(({ property, reason }) => {
    const failure = new proto.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    return failure;
  });
}

/** What the engine needs to keep a resource that exists but is not ready. */
function toStatus(error: unknown, properties: Bag): Partial<grpc.ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof InitializationError) {
    const detail = new proto.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(toStruct(properties));
    detail.setReasonsList(error.reasons);
    const any = new anyProto.Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statusProto.Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(any);
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

class Server<Config> {
  readonly #definition: ProviderDefinition<Config>;
  readonly #engine: engineRpc.EngineClient | undefined;
  readonly #cancel = new AbortController();
  #config: Config | undefined;

  constructor(definition: ProviderDefinition<Config>, engineAddress: string | undefined) {
    this.#definition = definition;
    this.#engine = engineAddress
      ? new engineRpc.EngineClient(engineAddress, grpc.credentials.createInsecure())
      : undefined;
  }

  #type(urn: string): ResourceType<Config, Bag> {
    const token = typeIn(urn);
    const type = this.#definition.resources[token];
    if (!type)
      throw new Error(
        `the offline ${this.#definition.name} plugin has no resource type ${token}, only ${Object.keys(this.#definition.resources).join(", ")}`,
      );
    return type;
  }

  #call(urn: string): Call<Config> {
    if (this.#config === undefined)
      throw new Error(`the ${this.#definition.name} provider is not configured`);
    return { config: this.#config, signal: this.#cancel.signal, log: (line) => this.#log(urn, line) };
  }

  #log(urn: string, line: string): void {
    const request = new engineProto.LogRequest();
    request.setSeverity(engineProto.LogSeverity.INFO);
    request.setMessage(line);
    request.setUrn(urn);
    // A line that the engine does not accept is lost; the work continues.
    this.#engine?.log(request, () => {});
  }

  /** Configuration arrives as strings. What is not a string in the schema arrives as JSON. */
  #parseConfig(values: Bag): Bag {
    const { version: _, pluginDownloadURL: __, ...config } = plainBag(values);
    for (const [key, value] of Object.entries(config)) {
      if (typeof value !== "string" || value === unknown) continue;
      const schema = this.#definition.config.shape[key];
      if (!schema || schema.safeParse(value).success) continue;
      try {
        config[key] = JSON.parse(value);
      } catch {
        // The value stays as it is, because the schema's message is the better one.
      }
    }
    return config;
  }

  checkConfig(request: errorProto.CheckRequest): errorProto.CheckResponse {
    const news = toBag(request.getNews());
    const response = new proto.CheckResponse();
    response.setInputs(toStruct(news));
    response.setFailuresList(failureMessages(failuresOf(this.#definition.config, this.#parseConfig(news))));
    return response;
  }

  diffConfig(request: errorProto.DiffRequest): errorProto.DiffResponse {
    const olds = this.#parseConfig(toBag(request.getOldInputs() ?? request.getOlds()));
    const news = this.#parseConfig(toBag(request.getNews()));
    const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
    const response = new proto.DiffResponse();
    response.setChanges(same(olds, news) ? DIFF_NONE : DIFF_SOME);
    return response;
  }

  configure(request: errorProto.ConfigureRequest): errorProto.ConfigureResponse {
    this.#config = this.#definition.config.parse(this.#parseConfig(toBag(request.getArgs())));
    const response = new proto.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  check(request: errorProto.CheckRequest): errorProto.CheckResponse {
    const urn = request.getUrn();
    const type = this.#type(urn);
    const inputs = withDefaults(type, urn, toBag(request.getOlds()), toBag(request.getNews()));
    const response = new proto.CheckResponse();
    response.setInputs(toStruct(inputs));
    response.setFailuresList(failureMessages(failuresOf(type.inputs, plainBag(inputs))));
    return response;
  }

  diff(request: errorProto.DiffRequest): errorProto.DiffResponse {
    const type = this.#type(request.getUrn());
    const state = plainBag(toBag(request.getOlds()));
    const oldInputs = plainBag(toBag(request.getOldInputs()));
    const news = plainBag(toBag(request.getNews()));
    const { changed, replaces } = changesOf(type, oldInputs, state, news);
    const ignored = request.getIgnorechangesList();
    const kept = changed.filter((name) => !ignored.includes(name));
    const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
    const response = new proto.DiffResponse();
    response.setChanges(kept.length > 0 ? DIFF_SOME : DIFF_NONE);
    response.setDiffsList(kept);
    response.setReplacesList(replaces.filter((name) => kept.includes(name)));
    // The old resource holds a name that the program gives, so the new one can't exist beside it. For an automatic name
    // the engine asks again: it checks the inputs of a replacement without the old ones.
    response.setDeletebeforereplace(!isAutoNamed(type, request.getUrn(), news));
    return response;
  }

  #sealed(type: ResourceType<Config, Bag>, outputs: Bag, ...origins: Bag[]): Bag {
    return seal(outputs, origins, type.derived ?? [], type.derivedFrom ?? []);
  }

  #previewed(type: ResourceType<Config, Bag>, inputs: Bag, state?: Bag): Bag {
    const known = (name: string) => state !== undefined && !type.volatile?.includes(name);
    const outputs = type.outputs.map((name) => [name, known(name) ? state?.[name] : unknown]);
    return { ...Object.fromEntries(outputs), ...inputs };
  }

  async create(request: errorProto.CreateRequest): Promise<errorProto.CreateResponse> {
    const urn = request.getUrn();
    const type = this.#type(urn);
    const inputs = toBag(request.getProperties());
    const response = new proto.CreateResponse();
    if (request.getPreview()) {
      response.setProperties(toStruct(this.#previewed(type, inputs)));
      return response;
    }
    try {
      const { id, outputs } = await type.create(this.#call(urn), plainBag(inputs));
      response.setId(id);
      response.setProperties(toStruct(this.#sealed(type, { ...plainBag(inputs), ...outputs }, inputs)));
      return response;
    } catch (error) {
      const properties = error instanceof InitializationError ? error.properties : {};
      throw toStatus(error, this.#sealed(type, { ...plainBag(inputs), ...properties }, inputs));
    }
  }

  async read(request: errorProto.ReadRequest): Promise<errorProto.ReadResponse> {
    const urn = request.getUrn();
    const type = this.#type(urn);
    const state = toBag(request.getProperties());
    const inputs = request.getInputs();
    const found = await type.read(this.#call(urn), request.getId(), plainBag(state));
    const response = new proto.ReadResponse();
    if (!found) return response;
    const outputs = this.#sealed(type, found, state, toBag(inputs));
    response.setId(request.getId());
    response.setProperties(toStruct(outputs));
    const given = Object.keys(toBag(inputs)).length > 0;
    const imported = Object.entries(outputs).filter(([name]) => name in type.inputs.shape);
    response.setInputs(given ? inputs : toStruct(Object.fromEntries(imported)));
    return response;
  }

  async update(request: errorProto.UpdateRequest): Promise<errorProto.UpdateResponse> {
    const urn = request.getUrn();
    const type = this.#type(urn);
    const olds = toBag(request.getOlds());
    const news = toBag(request.getNews());
    const response = new proto.UpdateResponse();
    if (request.getPreview()) {
      response.setProperties(toStruct(this.#previewed(type, news, olds)));
      return response;
    }
    try {
      const outputs = await type.update(this.#call(urn), request.getId(), plainBag(olds), plainBag(news));
      response.setProperties(toStruct(this.#sealed(type, { ...plainBag(news), ...outputs }, news)));
      return response;
    } catch (error) {
      const properties = error instanceof InitializationError ? error.properties : {};
      throw toStatus(error, this.#sealed(type, { ...plainBag(news), ...properties }, news));
    }
  }

  async delete(request: errorProto.DeleteRequest): Promise<emptyProto.Empty> {
    const urn = request.getUrn();
    const state = plainBag(toBag(request.getProperties()));
    await this.#type(urn).delete(this.#call(urn), request.getId(), state);
    return new emptyProto.Empty();
  }

  cancel(): emptyProto.Empty {
    this.#cancel.abort(new Error("interrupted"));
    return new emptyProto.Empty();
  }

  getPluginInfo(): pluginProto.PluginInfo {
    const info = new pluginProto.PluginInfo();
    info.setVersion(this.#definition.version);
    return info;
  }

  getSchema(): errorProto.GetSchemaResponse {
    const response = new proto.GetSchemaResponse();
    response.setSchema(JSON.stringify({ name: this.#definition.name, version: this.#definition.version }));
    return response;
  }
}

const methods = [
  "checkConfig",
  "diffConfig",
  "configure",
  "check",
  "diff",
  "create",
  "read",
  "update",
  "delete",
  "cancel",
  "getPluginInfo",
  "getSchema",
] as const;

type Handler = (request: unknown) => unknown;

/** Serves the provider to the engine that started this process, until the engine ends it. */
export async function serve<Config>(definition: ProviderDefinition<Config>): Promise<void> {
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  if (engineAddress) endWithEngine(engineAddress);
  const handlers = new Server(definition, engineAddress);
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const name of methods) {
    const handle = (handlers[name] as Handler).bind(handlers);
    const unary: grpc.handleUnaryCall<unknown, unknown> = (call, callback) => {
      Promise.resolve()
        .then(() => handle(call.request))
        .then(
          (response) => callback(null, response),
          (error) => callback(error instanceof Error ? toStatus(error, {}) : error),
        );
    };
    implementation[name] = unary;
  }
  // 400 MB, as in Pulumi's own servers, because a property bag may be large.
  const size = 400 * 1024 * 1024;
  const server = new grpc.Server({
    "grpc.max_receive_message_length": size,
    "grpc.max_send_message_length": size,
  });
  server.addService(providerRpc.ResourceProviderService as unknown as grpc.ServiceDefinition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
}
