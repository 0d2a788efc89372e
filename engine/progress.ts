/** Where a long step reports its progress. The caller decides where to show it. */
export type Report = (event: ProgressEvent) => void;

export interface ProgressEvent {
  /** The step, such as `copy` or `lag gate`. */
  step: string;
  /** One line for people. */
  message: string;
  /** 0 to 100, where it is known. */
  percent?: number;
}

export const silent: Report = () => {};
