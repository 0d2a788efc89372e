import { InvalidArgumentError } from "commander";

/** Parses an option's number within inclusive bounds; an integer by default. */
export function number(min: number, max: number, whole = true) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw new InvalidArgumentError(`Give a ${whole ? "whole " : ""}number from ${min} to ${max}.`);
    return value;
  };
}
