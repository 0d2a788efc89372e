export * from "../../scripts/lab/smallDisk";
