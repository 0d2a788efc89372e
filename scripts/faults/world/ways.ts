import type { Side } from "../../../engine/move";
import type { TcpProxy } from "../proxy";

/** Every path that a fault can break. A web tier's path to its own database is direct. */
export interface Ways {
  /** From the tool to each database. */
  tool: Record<Side, TcpProxy>;
  toolToGate: TcpProxy;
  /** To each database from the other one. */
  stream: Record<Side, TcpProxy>;
  /** From the gate to each web tier. */
  gate: Record<Side, TcpProxy>;
}

export function allWays(ways: Ways): TcpProxy[] {
  const { tool, toolToGate, stream, gate } = ways;
  return [tool.blue, tool.green, toolToGate, stream.blue, stream.green, gate.blue, gate.green];
}
