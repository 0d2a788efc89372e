import { requireLocalEngine } from "../../scripts/setup/localEngine";

/** Before the tests that make and remove containers. @throws `ENGINE_ELSEWHERE` */
export default function setup(): void {
  requireLocalEngine();
}
